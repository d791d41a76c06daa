// SPDX-License-Identifier: Apache-2.0
#include "analyze/http/record.h"

namespace quaywatch::analyze::http {

const model::Schema& HttpRecord::Schema() {
  using R = HttpRecord;
  using model::Col;
  static const model::Schema schema(
      "http", "HTTP requests and their responses",
      model::Columns(
          model::ConnColumns<R>(),
          Col<&R::trans_depth>("trans_depth", "Which transaction of the connection it is, from 1"),
          model::Asks(Col<&R::method>("method", "Method of the request")),
          model::Asks(Col<&R::host>("host", "Header Host")),
          model::Asks(Col<&R::uri>("uri", "Target of the request, percent-decoded")),
          Col<&R::referrer>("referrer", "Header Referer"), Col<&R::version>("version", "HTTP version of the response"),
          Col<&R::user_agent>("user_agent", "Header User-Agent"), Col<&R::origin>("origin", "Header Origin"),
          Col<&R::request_body_len>("request_body_len", "Length of the request's body, decompressed", "bytes"),
          Col<&R::response_body_len>("response_body_len", "Length of the response's body, decompressed", "bytes"),
          Col<&R::status_code>("status_code", "Status code of the response"),
          Col<&R::status_msg>("status_msg", "Reason phrase of the response"),
          Col<&R::info_code>("info_code", "The last 1xx status code"),
          Col<&R::info_msg>("info_msg", "The last 1xx reason phrase"),
          Col<&R::tags>("tags", "What was found to be remarkable"),
          Col<&R::username>("username", "User name of basic authentication"),
          Col<&R::password>("password", "Password of basic authentication, if it is to be kept"),
          Col<&R::proxied>("proxied", "Headers that tell of a proxy"),
          Col<&R::orig_fuids>("orig_fuids", "Identifiers of the files sent by the client"),
          Col<&R::orig_filenames>("orig_filenames", "Names of the files sent by the client"),
          Col<&R::orig_mime_types>("orig_mime_types", "Types of the files sent by the client, by content"),
          Col<&R::resp_fuids>("resp_fuids", "Identifiers of the files sent by the server"),
          Col<&R::resp_filenames>("resp_filenames", "Names of the files sent by the server"),
          Col<&R::resp_mime_types>("resp_mime_types", "Types of the files sent by the server, by content")));
  return schema;
}

}  // namespace quaywatch::analyze::http
