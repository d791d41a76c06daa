// SPDX-License-Identifier: Apache-2.0
//
// A mail fetched: its parts become files.
#pragma once

#include <memory>
#include <string_view>

#include "analyze/context.h"
#include "analyze/mime/entity.h"

namespace quaywatch::analyze::pop3 {

class Mail : public mime::Message {
 public:
  explicit Mail(Context& context) : Message(context), top_(*this) { top_.Begin(); }

  void Line(std::string_view line, bool ended) { top_.Deliver(line, ended); }
  void End() { top_.End(); }

 private:
  void OnData(mime::Entity&, std::string_view data) override;
  void OnEnd(mime::Entity&) override;

  std::unique_ptr<File> file_;  // of the part that is being read
  mime::Entity top_;
};

}  // namespace quaywatch::analyze::pop3
