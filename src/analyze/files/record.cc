// SPDX-License-Identifier: Apache-2.0
#include "analyze/files/record.h"

namespace quaywatch::analyze::files {

const model::Schema& FileRecord::Schema() {
  using R = FileRecord;
  using model::Col;
  using model::FlowId;
  static const model::Schema schema(
      "files", "Files seen in traffic",
      model::Columns(
          Col<&R::ts>("ts", "When its first byte came, packet time"),
          Col<&R::fuid>("fuid", "Identifier of the file, the same in all logs"),
          Col<&R::uid>("uid", "Identifier of the connection that carried it"),
          Col<&R::id, &FlowId::orig_h>("id.orig_h", "Address of the connection's originator"),
          Col<&R::id, &FlowId::orig_p>("id.orig_p", "Port of the connection's originator"),
          Col<&R::id, &FlowId::resp_h>("id.resp_h", "Address of the connection's responder"),
          Col<&R::id, &FlowId::resp_p>("id.resp_p", "Port of the connection's responder"),
          Col<&R::source>("source", "Protocol that carried it"),
          Col<&R::depth>("depth", "Place in a message of several files, or number of the message"),
          Col<&R::analyzers>("analyzers", "What else looked at the content"),
          Col<&R::mime_type>("mime_type", "Type found by content"),
          Col<&R::filename>("filename", "Name the protocol gave it"),
          Col<&R::duration>("duration", "From its first byte to its last", "seconds"),
          Col<&R::local_orig>("local_orig", "The sender's address is of the local networks"),
          Col<&R::is_orig>("is_orig", "The connection's originator sent it"),
          Col<&R::seen_bytes>("seen_bytes", "Bytes seen", "bytes"),
          Col<&R::total_bytes>("total_bytes", "Bytes announced", "bytes"),
          Col<&R::missing_bytes>("missing_bytes", "Bytes known to be lost", "bytes"),
          Col<&R::overflow_bytes>("overflow_bytes", "Bytes given up because too much came out of order", "bytes"),
          Col<&R::timedout>("timedout", "It was never seen to end"),
          Col<&R::parent_fuid>("parent_fuid", "Identifier of the file it was taken out of"),
          Col<&R::md5>("md5", "MD5 of the content"), Col<&R::sha1>("sha1", "SHA-1 of the content"),
          Col<&R::sha256>("sha256", "SHA-256 of the content"),
          Col<&R::extracted>("extracted", "Where the content was stored"),
          Col<&R::extracted_cutoff>("extracted_cutoff", "The stored content was cut off"),
          Col<&R::extracted_size>("extracted_size", "Bytes stored", "bytes")));
  return schema;
}

}  // namespace quaywatch::analyze::files
