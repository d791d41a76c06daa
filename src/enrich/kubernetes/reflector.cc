// SPDX-License-Identifier: Apache-2.0
#include "enrich/kubernetes/reflector.h"

#include <fmt/format.h>

#include <utility>

namespace quaywatch::enrich::kubernetes {
namespace {

constexpr size_t kMaxToken = 64 << 10;  // of a page

base::Timestamp WallClock() { return std::chrono::time_point_cast<base::Duration>(std::chrono::system_clock::now()); }

std::string Escape(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                       c == '_' || c == '.' || c == '~';
    if (plain) {
      escaped += c;
    } else {
      escaped += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return escaped;
}

// Of ReplicaSets and Jobs only the metadata are wanted: a tenth of the whole.
std::string AcceptFor(Kind kind, const char* form) {
  if (kind != Kind::kReplicaSets && kind != Kind::kJobs) return "application/json";
  return fmt::format("application/json;as={};g=meta.k8s.io;v=v1,application/json", form);
}

std::string PathOf(const Resource& resource) {
  const auto group = resource.group.empty() ? std::string("/api/") : "/apis/" + resource.group + "/";
  return group + resource.version + "/" + resource.name;
}

std::string Selected(const Resource& resource) {
  return resource.field_selector.empty() ? std::string() : "&fieldSelector=" + Escape(resource.field_selector);
}

}  // namespace

Reflector::Reflector(std::vector<Resource> ways, Cluster& cluster, uint64_t seed,
                     std::function<Clock::time_point()> now)
    : ways_(std::move(ways)), cluster_(cluster), now_(std::move(now)), random_(seed), backoff_(seed) {}

std::optional<Request> Reflector::Next() {
  const auto now = now_();
  if (under_way_) {
    if (doing_ == Doing::kWatch && answered_ && now - answered_at_ >= kHeld) ForgetTrouble();
    if (doing_ == Doing::kWatch && answered_ && now - answered_at_ >= kStable) backoff_.Reset();
    return {};
  }
  if (now < due_) return {};
  under_way_ = true;
  answered_ = false;
  return doing_ == Doing::kList ? ListRequest() : WatchRequest();
}

Request Reflector::ListRequest() const {
  Request request;
  request.target = fmt::format("{}?limit={}{}", PathOf(resource()), limit_, Selected(resource()));
  if (!next_.empty()) request.target += "&continue=" + Escape(next_);
  request.accept = AcceptFor(resource().kind, "PartialObjectMetadataList");
  request.fresh = backoff_.failures() > 0;
  return request;
}

Request Reflector::WatchRequest() {
  line_.clear();
  skipping_ = expired_ = heard_ = false;
  broken_.clear();
  const auto seconds = std::uniform_int_distribution(300, 600)(random_);
  Request request;
  request.target = fmt::format("{}?watch=true&allowWatchBookmarks=true&resourceVersion={}&timeoutSeconds={}{}",
                               PathOf(resource()), Escape(version_), seconds, Selected(resource()));
  request.accept = AcceptFor(resource().kind, "PartialObjectMetadata");
  request.silence = kSilence;
  request.most = std::chrono::seconds(seconds + 30);
  request.fresh = backoff_.failures() > 0;
  return request;
}

bool Reflector::OnBytes(int status, std::string_view bytes) {
  if (status != 200) return true;
  if (!answered_) answered_at_ = now_();
  answered_ = true;
  if (doing_ == Doing::kWatch) return OnWatchBytes(bytes);
  too_long_ = body_.size() + bytes.size() > kMaxPage;
  if (!too_long_) body_ += bytes;
  return !too_long_;
}

bool Reflector::OnWatchBytes(std::string_view bytes) {
  while (!bytes.empty()) {
    const size_t end = bytes.find('\n');
    const auto part = bytes.substr(0, end);
    if (line_.size() + part.size() > kMaxLine && !skipping_) {
      skipping_ = true;
      ++report_.skipped;
      line_ = {};
    }
    if (!skipping_) line_ += part;
    if (end == std::string_view::npos) return true;
    bytes.remove_prefix(end + 1);
    const auto line = std::exchange(line_, {});
    if (std::exchange(skipping_, false) || line.empty()) continue;
    if (!OnLine(line)) return false;
  }
  return true;
}

bool Reflector::OnLine(std::string_view line) {
  auto event = ParseEvent(resource().kind, line);
  if (!event) {
    ++report_.skipped;
    broken_ = "the server's watch has lines that are no events; is something between us and it?";
    return false;
  }
  ++report_.events;
  using Type = WatchEvent::Type;
  if (event->type == Type::kError) {
    expired_ = event->code == 410;
    broken_ = fmt::format("the server ended the watch of {} with {}", resource().name, event->code);
    return false;
  }
  if (event->type != Type::kBookmark && !event->object) ++report_.skipped;
  if (event->object && event->type == Type::kChanged) {
    cluster_.Put(resource().kind, std::move(*event->object), WallClock());
  } else if (event->object && event->type == Type::kDeleted) {
    cluster_.Remove(resource().kind, *event->object, WallClock());
  }
  if (!event->resource_version.empty()) version_ = std::move(event->resource_version);
  heard_ = true;
  ForgetTrouble();
  return true;
}

void Reflector::OnEnd(const Response& response) {
  under_way_ = false;
  if (response.status != 200 && !(answered_ && doing_ == Doing::kWatch)) {
    body_ = {};
    OnRefusal(response);
  } else if (doing_ == Doing::kList) {
    OnPage();
  } else {
    OnWatchEnd(response);
  }
}

void Reflector::OnPage() {
  if (std::exchange(too_long_, false)) {
    body_ = {};
    if (limit_ == 1) return Fail(fmt::format("one of the {} has more than {} MiB", resource().name, kMaxPage >> 20));
    limit_ /= 2;
    return;
  }
  auto page = ParsePage(resource().kind, std::exchange(body_, {}));
  if (!page || page->next.size() > kMaxToken) {
    ++report_.skipped;
    return Fail("what answers is no Kubernetes API server: its lists make no sense");
  }
  report_.skipped += page->skipped;
  for (auto& object : page->objects) {
    if (objects_.size() >= Cluster::kMaxObjects) {
      ++report_.skipped;
      continue;
    }
    objects_.push_back(std::move(object));
  }
  next_ = std::move(page->next);
  if (!next_.empty()) return;
  version_ = std::move(page->resource_version);
  cluster_.Replace(resource().kind, std::exchange(objects_, {}), WallClock());
  report_.synced = true;
  limit_ = kPageObjects;
  doing_ = Doing::kWatch;
}

void Reflector::OnWatchEnd(const Response& response) {
  ++report_.reconnects;
  if (expired_) return ListAgain();
  if (!broken_.empty()) return Fail(broken_);
  // It held for a while: its end is nothing to worry about.
  if (now_() - answered_at_ >= kHeld) return;
  if (heard_) {
    due_ = now_() + backoff_.Next();
    return;
  }
  Fail(response.status == 200 ? fmt::format("the server ends each watch of {} at once", resource().name)
                              : "the connection breaks off: " + response.error);
}

void Reflector::OnRefusal(const Response& response) {
  switch (response.status) {
    case 0:
      return Fail("no answer: " + response.error);
    case 401:
      return Fail("the server does not accept our token or certificate (401): is it expired or revoked?");
    case 403:
      Fail({});
      report_.forbidden = doing_ == Doing::kList ? "list" : "watch";
      return;
    case 404:
      return OnMissing();
    case 410:
      return ListAgain();
    case 429:
      return Fail("the server is busy (429)", response.retry_after);
    default:
      return Fail(fmt::format("the server answers with status {}", response.status), response.retry_after);
  }
}

void Reflector::OnMissing() {
  if (doing_ == Doing::kList && way_ + 1 < ways_.size()) {
    ++way_;
    objects_ = {};
    next_.clear();
    return;
  }
  const auto name = resource().name;
  ListAgain();
  way_ = 0;
  report_.trouble = fmt::format("the server does not know {} (404)", name);
}

// What was known stays until the new list is complete.
void Reflector::ListAgain() {
  doing_ = Doing::kList;
  objects_ = {};
  next_.clear();
  due_ = now_() + backoff_.Next();
  if (backoff_.failures() > 3) report_.trouble = "the server forgets faster than we can follow (410)";
}

void Reflector::Fail(std::string trouble, std::chrono::seconds at_least) {
  report_.trouble = std::move(trouble);
  report_.forbidden.clear();
  // A server that starts may not know yet what it has.
  if (doing_ == Doing::kList && next_.empty()) way_ = 0;
  due_ = now_() + std::max<Clock::duration>(backoff_.Next(), at_least);
}

void Reflector::ForgetTrouble() {
  report_.trouble.clear();
  report_.forbidden.clear();
}

}  // namespace quaywatch::enrich::kubernetes
