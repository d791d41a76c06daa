// SPDX-License-Identifier: Apache-2.0
// SOCKS proxies: follows client and proxy until they agree; what is tunnelled then is recognised by content.
#include "analyze/analyzer.h"

#include <algorithm>
#include <array>
#include <string>

#include "analyze/socks/parse.h"
#include "analyze/socks/record.h"
#include "model/tunnel_record.h"

namespace quaywatch::analyze::socks {
namespace {

using model::Direction;

// Bytes of one side held while the other's answer is due. No message is longer than SOCKS4's request with two
// texts of 512 bytes; a client that sends more than that ahead is no SOCKS client.
constexpr size_t kMaxHeld = 2048;

class SocksAnalyzer : public Analyzer {
 public:
  explicit SocksAnalyzer(Context& context) : context_(context) {}

  void OnStream(Direction from, base::Bytes bytes) override {
    if (rest_ != nullptr) return rest_->OnStream(from, bytes);
    if (done_ || context_.flow().partial) return;
    std::string& held = held_[static_cast<size_t>(from)];
    const size_t kept = std::min(bytes.size(), kMaxHeld - held.size());
    held.append(base::AsText(bytes.first(kept)));
    bytes = bytes.subspan(kept);
    while (!done_ && (Step(Direction::kOrig) || Step(Direction::kResp))) {
    }
    if (rest_ != nullptr) {
      if (!bytes.empty()) rest_->OnStream(from, bytes);
    } else if (!done_ && !bytes.empty()) {
      Violate("too much before the proxy's answer");
    }
  }
  void OnGap(Direction from, uint64_t length) override {
    if (rest_ != nullptr) return rest_->OnGap(from, length);
    if (!done_) Finish();
  }
  void OnEndOfStream(Direction from) override {
    if (rest_ != nullptr) rest_->OnEndOfStream(from);
  }
  void OnReset() override {
    if (rest_ != nullptr) rest_->OnReset();
  }
  void OnClose() override {
    if (confirmed_) model::Write(context_.records(), record_);
  }

 private:
  enum class Client : uint8_t { kGreeting, kWaits, kLogin, kRequest, kDone };
  enum class Proxy : uint8_t { kMethod, kLoginReply, kReply, kDone };

  // Reads the next message of a side. False if there is none yet.
  bool Step(Direction from) {
    std::string& held = held_[static_cast<size_t>(from)];
    if (held.empty()) return false;
    base::Bytes bytes = base::AsBytes(held);
    const bool read = from == Direction::kOrig ? FromClient(bytes) : FromProxy(bytes);
    if (done_) return false;
    held.erase(0, held.size() - bytes.size());
    if (client_ == Client::kDone && proxy_ == Proxy::kDone) HandOver();
    return read;
  }

  bool FromClient(base::Bytes& bytes) {
    switch (client_) {
      case Client::kGreeting:
        if (bytes.front() == 4) return SocksFour(bytes);
        if (!Read(TakeGreeting(bytes))) return false;
        client_ = Client::kWaits;
        MayGoOn();
        return true;
      case Client::kLogin: {
        if (bytes.front() != 1) {
          return Unsupported("socks5_unsupported_authentication", "method 2, version " + std::to_string(bytes.front()));
        }
        auto user = TakeLogin(bytes);
        if (!Read(user)) return false;
        Record().user = std::move(*user);
        client_ = Client::kWaits;
        return true;
      }
      case Client::kRequest: {
        auto request = TakeRequest(bytes);
        if (!Read(request)) return false;
        Record().request = std::move(request->address);
        Record().request_p = model::Port{request->port};
        RecordTunnel();
        client_ = Client::kDone;
        return true;
      }
      case Client::kWaits:
      case Client::kDone:
        return false;
    }
    return false;
  }

  bool FromProxy(base::Bytes& bytes) {
    switch (proxy_) {
      case Proxy::kMethod: {
        const auto method = TakeMethod(bytes);
        if (!Read(method)) return false;
        method_ = *method;
        proxy_ = *method == kUserAndPassword ? Proxy::kLoginReply : Proxy::kReply;
        MayGoOn();
        return true;
      }
      case Proxy::kLoginReply: {
        const auto status = TakeLoginReply(bytes);
        if (!Read(status)) return false;
        Record().status = StatusText(*status);
        proxy_ = Proxy::kReply;
        if (client_ == Client::kWaits) client_ = Client::kRequest;
        return true;
      }
      case Proxy::kReply: {
        auto reply = TakeReply(bytes);
        if (!Read(reply)) return false;
        Record().status = StatusText(reply->status);
        Record().bound = std::move(reply->bound.address);
        Record().bound_p = model::Port{reply->bound.port};
        proxy_ = Proxy::kDone;
        confirmed_ = true;
        context_.Confirm();
        return true;
      }
      case Proxy::kDone:
        return false;
    }
    return false;
  }

  // The client has greeted, or the proxy has chosen a method: with both, it is clear what comes next.
  void MayGoOn() {
    if (client_ != Client::kWaits || proxy_ == Proxy::kMethod) return;
    const bool plain = method_ == kNoAuthentication || method_ == kNoneAcceptable;
    if (!plain && method_ != kUserAndPassword) {
      Unsupported("socks5_unsupported_authentication_method", std::to_string(method_));
      return;
    }
    client_ = proxy_ == Proxy::kLoginReply ? Client::kLogin : Client::kRequest;
  }

  // As in Zeek, which takes the answer for another protocol, nothing is looked at beyond SOCKS4's request.
  bool SocksFour(base::Bytes& bytes) {
    if (!Read(TakeRequest4(bytes))) return false;
    RecordTunnel();
    Finish();
    return false;
  }

  template <typename T>
  bool Read(const Parsed<T>& parsed) {
    if (!parsed && parsed.error() == Unread::kInvalid) Violate("no SOCKS message");
    return parsed.has_value();
  }

  bool Unsupported(std::string_view weird, const std::string& what) {
    context_.Weird(weird, what, std::string_view());
    Finish();
    return false;
  }

  SocksRecord& Record() {
    if (record_.uid.empty()) {
      record_.ts = context_.now();
      record_.uid = context_.flow().uid;
      record_.id = context_.flow().id;
    }
    return record_;
  }
  void RecordTunnel() {
    model::RecordProxyTunnel(context_.records(), context_.now(), context_.flow().id, "Tunnel::SOCKS");
  }

  void HandOver() {
    if (rest_ != nullptr) return;
    rest_ = &context_.HandOver("");
    for (const Direction from : {Direction::kOrig, Direction::kResp}) {
      const std::string held = std::move(held_[static_cast<size_t>(from)]);
      held_[static_cast<size_t>(from)].clear();
      if (!held.empty()) rest_->OnStream(from, base::AsBytes(held));
    }
  }
  void Finish() {
    done_ = true;
    context_.Finish();
  }
  void Violate(std::string_view reason) {
    done_ = true;
    context_.Violate(reason);
  }

  Context& context_;
  std::string held_[2];  // what was not read yet; at most kMaxHeld bytes each
  Client client_ = Client::kGreeting;
  Proxy proxy_ = Proxy::kMethod;
  uint8_t method_ = kNoneAcceptable;
  SocksRecord record_;
  Analyzer* rest_ = nullptr;
  bool confirmed_ = false;
  bool done_ = false;
};

// The request or the offer of a client, and an answer that fits. SOCKS4's has two numbers and a text.
ProbeResult Probe(const ProbeInput& input) {
  constexpr size_t kMaxUser = 32;
  const base::Bytes orig = input.orig;
  const base::Bytes resp = input.resp;
  if (!orig.empty() && orig[0] != 4 && orig[0] != 5) return ProbeResult::kNo;
  if (!resp.empty() && resp[0] != 0 && resp[0] != 5) return ProbeResult::kNo;
  if (orig.size() < 3 || resp.size() < 2) return ProbeResult::kMore;
  if (orig[0] == 4) {
    const base::Bytes text = orig.subspan(2, std::min(kMaxUser + 1, orig.size() - 2));
    const bool fits = orig[1] == 1 || orig[1] == 2;
    const bool answered = resp[0] == 0 && resp[1] >= 0x5a && resp[1] <= 0x5d;
    if (!fits || !answered) return ProbeResult::kNo;
    if (std::ranges::find(text, uint8_t{0}) != text.end()) return ProbeResult::kYes;
    return text.size() > kMaxUser ? ProbeResult::kNo : ProbeResult::kMore;
  }
  if (orig[2] > 2 || resp[0] != 5 || resp[1] > 1) return ProbeResult::kNo;
  if (resp[1] == 0) return ProbeResult::kYes;
  if (resp.size() < 3) return ProbeResult::kMore;
  return resp[2] <= 2 ? ProbeResult::kYes : ProbeResult::kNo;
}

constexpr auto kPorts = std::to_array<uint16_t>({1080});
constexpr auto kSchemas = std::to_array<const model::Schema& (*)()>({&SocksRecord::Schema});

}  // namespace

extern const AnalyzerSpec kSpec;
const AnalyzerSpec kSpec{
    .name = "socks",
    .help = "SOCKS4 and SOCKS5 proxies and what they tunnel (RFC 1928, 1929)",
    .probe_tcp = Probe,
    .tcp_ports = kPorts,
    .make = [](Context& context) -> std::unique_ptr<Analyzer> { return std::make_unique<SocksAnalyzer>(context); },
    .schemas = kSchemas,
};

}  // namespace quaywatch::analyze::socks
