// SPDX-License-Identifier: Apache-2.0
#include "analyze/dns/record.h"

namespace quaywatch::analyze::dns {

const model::Schema& DnsRecord::Schema() {
  using R = DnsRecord;
  using model::Col;
  static const model::Schema schema(
      "dns", "Questions asked of the domain name system and their answers",
      model::Columns(model::ConnColumns<R>(), Col<&R::proto>("proto", "Transport protocol"),
                     Col<&R::trans_id>("trans_id", "Number by which the asker knows the answer"),
                     Col<&R::rtt>("rtt", "From the question to the answer", "seconds"),
                     model::Asks(Col<&R::query>("query", "Name that is asked for")),
                     Col<&R::qclass>("qclass", "Class that is asked for, as a number"),
                     Col<&R::qclass_name>("qclass_name", "Class that is asked for"),
                     Col<&R::qtype>("qtype", "Type of record that is asked for, as a number"),
                     model::Asks(Col<&R::qtype_name>("qtype_name", "Type of record that is asked for")),
                     Col<&R::rcode>("rcode", "How it went, as a number; unset if no answer was seen"),
                     Col<&R::rcode_name>("rcode_name", "How it went"),
                     Col<&R::authoritative>("AA", "The answer is of a server in charge of the name"),
                     Col<&R::truncated>("TC", "The question was cut off"),
                     Col<&R::recursion_desired>("RD", "The server was asked to find out elsewhere if need be"),
                     Col<&R::recursion_available>("RA", "The server would do so"),
                     Col<&R::z>("Z", "Reserved bits of the question; DNSSEC's AD (2) and CD (1) among them"),
                     Col<&R::answers>("answers", "Records of the answer section, in a few words each"),
                     Col<&R::ttls>("TTLs", "How long each of them may be kept", "seconds"),
                     Col<&R::rejected>("rejected", "The answer had no records at all"),
                     Col<&R::opcode>("opcode", "What kind of message, as a number"),
                     Col<&R::opcode_name>("opcode_name", "What kind of message")));
  return schema;
}

}  // namespace quaywatch::analyze::dns
