// SPDX-License-Identifier: Apache-2.0
#include "enrich/docker/session.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <utility>

#include "enrich/docker/netns.h"
#include "enrich/docker/parse.h"

namespace quaywatch::enrich::docker {
namespace {

constexpr base::Duration kWait = std::chrono::seconds(1);
// {"type":["container","network"]}
constexpr std::string_view kFilters = "%7B%22type%22%3A%5B%22container%22%2C%22network%22%5D%7D";
// Events from before the subscription that are asked for, so that none falls between it and the list.
constexpr base::Duration kOverlap = std::chrono::seconds(2);

base::Timestamp Now() { return std::chrono::time_point_cast<base::Duration>(std::chrono::system_clock::now()); }

}  // namespace

Session::Session(const std::string& socket_path, Roster& roster, base::Timestamp blind_since, Tally& tally,
                 Working working)
    : socket_path_(socket_path),
      roster_(roster),
      blind_since_(blind_since),
      tally_(tally),
      working_(std::move(working)),
      http_(socket_path) {}

Ending Session::Run() {
  left_out_ = roster_.skipped();
  roster_.Forget();
  if (Agree() && Subscribe() && List()) Follow();
  return std::move(ending_);
}

void Session::Stop() {
  stop_ = true;
  http_.Wake();
}

std::optional<Http::Reply> Session::Ask(const std::string& path, size_t max_bytes) {
  std::optional<Http::Reply> reply;
  http_.Get(path, max_bytes, kPatience, [&](Http::Reply got) { reply = std::move(got); });
  while (!reply && !over()) http_.Run(kWait);
  if (!reply || over()) return std::nullopt;
  if (reply->status != 200) {
    Fail(*reply, path);
    return std::nullopt;
  }
  return reply;
}

bool Session::Agree() {
  const auto reply = Ask("/version", kMaxObject);
  if (!reply) return false;
  const auto version = ParseVersion(reply->body);
  if (!version) {
    ending_.detail = fmt::format("what answers at {} is no Docker Engine API", socket_path_);
    return false;
  }
  if (version->newest < kOldest) {
    ending_.detail = fmt::format("{} speaks API {}.{} only: Docker 1.12 (API {}.{}) or later is needed", socket_path_,
                                 version->newest.major, version->newest.minor, kOldest.major, kOldest.minor);
    return false;
  }
  const ApiVersion api = std::max(std::min(kPreferred, version->newest), version->oldest);
  prefix_ = fmt::format("/v{}.{}", api.major, api.minor);
  engine_ = fmt::format("{}, API {}.{}", version->engine, api.major, api.minor);
  return true;
}

bool Session::Subscribe() {
  const base::Timestamp last = roster_.last_event();
  const int64_t since = base::ToUnixNanos(last == base::Timestamp{} ? Now() - kOverlap : last);
  const std::string path = fmt::format("{}/events?since={}.{:09}&filters={}", prefix_, since / 1'000'000'000,
                                       since % 1'000'000'000, kFilters);
  Http::Stream stream;
  stream.opened = [this](int status) { events_status_ = status; };
  stream.bytes = [this](std::string_view bytes) { OnEvents(bytes); };
  stream.ended = [this](const Http::Reply& reply) {
    if (over()) return;
    ending_.detail = events_status_ != 0
                         ? fmt::format("{} closed the connection", socket_path_)
                         : fmt::format("{} does not answer GET {}/events: {}", socket_path_, prefix_, reply.error);
  };
  http_.Open(path, std::move(stream));
  const auto end = std::chrono::steady_clock::now() + kPatience;
  while (events_status_ == 0 && !over()) {
    http_.Run(kWait);
    if (events_status_ == 0 && !over() && std::chrono::steady_clock::now() > end) {
      ending_.detail = fmt::format("{} does not answer GET {}/events", socket_path_, prefix_);
    }
  }
  if (events_status_ != 0 && events_status_ != 200) {
    Http::Reply reply;
    reply.status = events_status_;
    Fail(reply, prefix_ + "/events");
  }
  return !over();
}

bool Session::List() {
  const uint64_t asked = roster_.asked();
  const std::string path = prefix_ + "/containers/json";
  const auto reply = Ask(path, kMaxList);
  if (!reply) return false;
  auto list = ParseContainerList(reply->body);
  if (!list) {
    ending_.detail = fmt::format("{} answers garbage to GET {}", socket_path_, path);
    return false;
  }
  tally_.skipped += list->skipped;
  roster_.Listed(list->containers, asked, blind_since_, Now());
  return true;
}

void Session::Follow() {
  while (!over()) {
    while (networks_under_way_ < kNetworksAtOnce) {
      const auto question = roster_.NextNetwork();
      if (!question) break;
      AskAboutNetwork(*question);
    }
    while (containers_under_way_ < kContainersAtOnce) {
      const auto question = roster_.NextContainer();
      if (!question) break;
      AskAboutContainer(*question);
    }
    if (!ending_.listed && containers_under_way_ + networks_under_way_ == 0) {
      ending_.listed = true;
      working_(engine_, refused_);
    }
    http_.Run(kWait);
    CountLeftOut();
  }
}

void Session::CountLeftOut() {
  const uint64_t left_out = roster_.skipped() + lines_.skipped();
  tally_.skipped += left_out - std::exchange(left_out_, left_out);
}

void Session::Fail(const Http::Reply& reply, const std::string& path) {
  ending_.forbidden = reply.system_error == EACCES || reply.system_error == EPERM;
  if (ending_.forbidden) {
    ending_.detail = fmt::format("no right to open {}: run as root or as a member of the group it belongs to (docker)",
                                 socket_path_);
  } else if (reply.system_error == ECONNREFUSED) {
    ending_.detail = fmt::format("nobody listens on {}: is the daemon running?", socket_path_);
  } else if (reply.status == 401 || reply.status == 403) {
    ending_.detail = Refused(path, reply.status);
  } else if (reply.status != 0) {
    ending_.detail = fmt::format("{} answers GET {} with status {}", socket_path_, path, reply.status);
  } else {
    ending_.detail = fmt::format("{} does not answer GET {}: {}", socket_path_, path, reply.error);
  }
}

std::string Session::Refused(std::string_view path, int status) const {
  return fmt::format("{} refuses GET {} (status {}): allow it in what stands before the daemon", socket_path_, path,
                     status);
}

bool Session::IsGood(const Http::Reply& reply, std::string_view what) {
  if (reply.status == 200) return true;
  ++tally_.skipped;
  if ((reply.status == 401 || reply.status == 403) && refused_.empty()) {
    refused_ = Refused(what, reply.status);
    if (ending_.listed) working_(engine_, refused_);
  }
  return false;
}

void Session::OnEvents(std::string_view bytes) {
  lines_.Add(bytes, [this](std::string_view line) {
    const auto event = ParseEvent(line);
    if (!event) {
      ++tally_.skipped;
      return;
    }
    ++tally_.events;
    roster_.Apply(*event);
  });
}

void Session::AskAboutNetwork(const Roster::Question& question) {
  const std::string path = fmt::format("{}/networks/{}", prefix_, question.id);
  ++networks_under_way_;
  http_.Get(path, kMaxList, kPatience, [this, question](const Http::Reply& reply) {
    --networks_under_way_;
    if (reply.status == 404 || !IsGood(reply, prefix_ + "/networks/...")) return;
    if (const auto network = ParseNetwork(reply.body)) {
      roster_.Seen(question.id, *network, question.asked);
    } else {
      ++tally_.skipped;
    }
  });
}

void Session::AskAboutContainer(const Roster::Question& question) {
  const std::string path = fmt::format("{}/containers/{}/json", prefix_, question.id);
  ++containers_under_way_;
  http_.Get(path, kMaxObject, kPatience, [this, question](const Http::Reply& reply) {
    --containers_under_way_;
    if (reply.status == 404) return roster_.Gone(question.id, Now());
    if (!IsGood(reply, prefix_ + "/containers/.../json")) return;
    auto container = ParseContainer(reply.body);
    if (!container || container->id != question.id) {
      ++tally_.skipped;
      return;
    }
    container->netns = NetnsOf(*container);
    roster_.Inspected(*container, question.asked, Now());
  });
}

}  // namespace quaywatch::enrich::docker
