// SPDX-License-Identifier: Apache-2.0
#include "analyze/syslog/record.h"

namespace quaywatch::analyze::syslog {

const model::Schema& SyslogRecord::Schema() {
  using R = SyslogRecord;
  using model::Col;
  static const model::Schema schema(
      "syslog", "Syslog messages sent over the network",
      model::Columns(model::ConnColumns<R>(), Col<&R::proto>("proto", "Transport protocol"),
                     Col<&R::facility>("facility", "What the message is about"),
                     Col<&R::severity>("severity", "How bad it is"),
                     model::Asks(Col<&R::message>("message", "Text after the priority"))));
  return schema;
}

}  // namespace quaywatch::analyze::syslog
