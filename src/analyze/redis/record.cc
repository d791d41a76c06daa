// SPDX-License-Identifier: Apache-2.0
#include "analyze/redis/record.h"

namespace quaywatch::analyze::redis {

const model::Schema& RedisRecord::Schema() {
  using R = RedisRecord;
  using model::Col;
  static const model::Schema schema(
      "redis", "Redis commands and their replies",
      model::Columns(model::ConnColumns<R>(), model::Asks(Col<&R::cmd_name>("cmd.name", "Command as sent")),
                     model::Asks(Col<&R::cmd_key>("cmd.key", "Key, of commands known to have one")),
                     Col<&R::cmd_value>("cmd.value", "Value, of commands known to have one"),
                     Col<&R::success>("success", "Was the reply no error; unset without a reply"),
                     Col<&R::reply_value>("reply.value", "Reply, collections in brackets")));
  return schema;
}

}  // namespace quaywatch::analyze::redis
