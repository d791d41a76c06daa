// SPDX-License-Identifier: Apache-2.0
#include "analyze/ftp/record.h"

namespace quaywatch::analyze::ftp {

const model::Schema& FtpRecord::Schema() {
  using R = FtpRecord;
  using model::Col;
  static const model::Schema schema(
      "ftp", "Files transferred, removed and connections for them prepared by FTP",
      model::Columns(
          model::ConnColumns<R>(), Col<&R::user>("user", "User's name"),
          Col<&R::password>("password", "Password; shown for guests only"),
          model::Asks(Col<&R::command>("command", "Command the client sent")),
          model::Asks(Col<&R::arg>("arg", "Its argument; for files a URL")),
          Col<&R::mime_type>("mime_type", "Type of the file by its content"),
          Col<&R::file_size>("file_size", "Size of the file as the server told it", "bytes"),
          Col<&R::reply_code>("reply_code", "Code of the server's reply"),
          Col<&R::reply_msg>("reply_msg", "Text of the server's reply"),
          Col<&R::data_channel, &DataChannel::passive>("data_channel.passive", "The client opens the data connection"),
          Col<&R::data_channel, &DataChannel::orig_h>("data_channel.orig_h", "Who is to open the data connection"),
          Col<&R::data_channel, &DataChannel::resp_h>("data_channel.resp_h",
                                                      "Where the data connection is awaited: address"),
          Col<&R::data_channel, &DataChannel::resp_p>("data_channel.resp_p",
                                                      "Where the data connection is awaited: port"),
          Col<&R::fuid>("fuid", "Identifier of the file")));
  return schema;
}

}  // namespace quaywatch::analyze::ftp
