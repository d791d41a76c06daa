// SPDX-License-Identifier: Apache-2.0
#include "analyze/ntp/record.h"

namespace quaywatch::analyze::ntp {

const model::Schema& NtpRecord::Schema() {
  using R = NtpRecord;
  using model::Col;
  static const model::Schema schema(
      "ntp", "NTP messages: who asks whom for the time",
      model::Columns(
          model::ConnColumns<R>(), Col<&R::version>("version", "Version of NTP"),
          Col<&R::mode>("mode", "Association mode; 3 is a client's question, 4 a server's answer"),
          Col<&R::stratum>("stratum", "Distance of the sender from a reference clock; 0 is unknown"),
          Col<&R::poll>("poll", "Longest interval between messages", "seconds"),
          Col<&R::precision>("precision", "Precision of the sender's clock", "seconds"),
          Col<&R::root_delay>("root_delay", "Round-trip delay to the reference clock", "seconds"),
          Col<&R::root_disp>("root_disp", "Dispersion to the reference clock", "seconds"),
          Col<&R::ref_id>("ref_id",
                          "Stratum 0: a kiss code; 1: name of the reference clock; above: address of the sender's "
                          "server, or a hash of it for IPv6"),
          Col<&R::ref_time>("ref_time", "When the sender's clock was last set"),
          Col<&R::org_time>("org_time", "When the request left, by the client's clock"),
          Col<&R::rec_time>("rec_time", "When the request arrived, by the server's clock"),
          Col<&R::xmt_time>("xmt_time", "When this message left, by the sender's clock"),
          Col<&R::num_exts>("num_exts", "Extension fields")));
  return schema;
}

}  // namespace quaywatch::analyze::ntp
