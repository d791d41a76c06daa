// SPDX-License-Identifier: Apache-2.0
#include "enrich/containerd/rpc.h"

#include <grpc/support/log.h>
#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>
#include <grpcpp/completion_queue.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/support/byte_buffer.h>

#include <algorithm>
#include <mutex>
#include <set>

namespace quaywatch::enrich::containerd {
namespace {

grpc::ByteBuffer BufferOf(const std::string& bytes) {
  const grpc::Slice slice(bytes);
  return {&slice, 1};
}

std::string BytesOf(const grpc::ByteBuffer& buffer) {
  grpc::Slice slice;
  if (!buffer.DumpToSingleSlice(&slice).ok()) return {};
  return {reinterpret_cast<const char*>(slice.begin()), slice.size()};
}

// What the other side says of itself is shown to a person on one line.
std::string OneLine(std::string text) {
  constexpr size_t kMaxText = 300;
  if (text.size() > kMaxText) text.resize(kMaxText);
  std::ranges::replace_if(text, [](unsigned char c) { return c < 0x20 || c == 0x7f; }, ' ');
  return text;
}

Reply ReplyOf(const grpc::Status& status) {
  Reply reply{.status = Reply::Status::kFailed, .error = OneLine(status.error_message())};
  switch (status.error_code()) {
    case grpc::StatusCode::OK:
      reply.status = Reply::Status::kOk;
      break;
    case grpc::StatusCode::UNIMPLEMENTED:
      reply.status = Reply::Status::kUnimplemented;
      break;
    case grpc::StatusCode::NOT_FOUND:
      reply.status = Reply::Status::kNotFound;
      break;
    case grpc::StatusCode::PERMISSION_DENIED:
    case grpc::StatusCode::UNAUTHENTICATED:
      reply.status = Reply::Status::kDenied;
      break;
    case grpc::StatusCode::CANCELLED:
      reply.status = Reply::Status::kCancelled;
      break;
    case grpc::StatusCode::UNAVAILABLE:
    case grpc::StatusCode::DEADLINE_EXCEEDED:
      reply.status = Reply::Status::kGone;
      break;
    default:
      break;
  }
  return reply;
}

std::shared_ptr<grpc::Channel> ChannelTo(const std::string& socket) {
  gpr_set_log_function([](gpr_log_func_args*) {});
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(Rpc::kMaxMessage);
  // So that a new channel connects at once, whatever happened to the one before.
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  return grpc::CreateCustomChannel("unix:" + socket, grpc::InsecureChannelCredentials(), arguments);
}

// Waits for the one operation that is going on. False: it did not succeed, the call is over.
bool Await(grpc::CompletionQueue& queue) {
  void* tag = nullptr;
  bool ok = false;
  return queue.Next(&tag, &ok) && ok;
}

void* const kTag = nullptr;

}  // namespace

class Rpc::Impl {
 public:
  explicit Impl(const std::string& socket) : stub_(ChannelTo(socket)) {}

  grpc::GenericStub& stub() { return stub_; }

  void Cancel() {
    const std::lock_guard lock(mutex_);
    cancelled_ = true;
    for (grpc::ClientContext* context : contexts_) context->TryCancel();
  }

  // Makes a call known to Cancel for as long as it lives.
  class Call {
   public:
    Call(Impl& rpc, grpc::ClientContext& context) : rpc_(rpc), context_(context) {
      const std::lock_guard lock(rpc_.mutex_);
      rpc_.contexts_.insert(&context_);
      if (rpc_.cancelled_) context_.TryCancel();
    }
    ~Call() {
      const std::lock_guard lock(rpc_.mutex_);
      rpc_.contexts_.erase(&context_);
    }
    Call(const Call&) = delete;
    Call& operator=(const Call&) = delete;

   private:
    Impl& rpc_;
    grpc::ClientContext& context_;
  };

 private:
  grpc::GenericStub stub_;
  std::mutex mutex_;
  std::set<grpc::ClientContext*> contexts_;
  bool cancelled_ = false;
};

Rpc::Rpc(const std::string& socket) : impl_(std::make_unique<Impl>(socket)) {}
Rpc::~Rpc() = default;

void Rpc::Cancel() { impl_->Cancel(); }

Reply Rpc::Call(const std::string& method, const std::string& group, const std::string& request) {
  grpc::CompletionQueue queue;
  grpc::ClientContext context;
  const Impl::Call call(*impl_, context);
  context.set_deadline(std::chrono::system_clock::now() + kPatience);
  if (!group.empty()) context.AddMetadata("containerd-namespace", group);
  const auto reader = impl_->stub().PrepareUnaryCall(&context, method, BufferOf(request), &queue);
  reader->StartCall();
  grpc::ByteBuffer response;
  grpc::Status status;
  reader->Finish(&response, &status, kTag);
  Await(queue);
  Reply reply = ReplyOf(status);
  if (status.ok()) reply.bytes = BytesOf(response);
  return reply;
}

Reply Rpc::Listen(const std::string& method, const std::string& request,
                  const std::function<void(std::string_view)>& on_message) {
  grpc::CompletionQueue queue;
  grpc::ClientContext context;
  const Impl::Call call(*impl_, context);
  const auto stream = impl_->stub().PrepareCall(&context, method, &queue);
  stream->StartCall(kTag);
  bool ok = Await(queue);
  if (ok) {
    stream->WriteLast(BufferOf(request), grpc::WriteOptions(), kTag);
    ok = Await(queue);
  }
  while (ok) {
    grpc::ByteBuffer message;
    stream->Read(&message, kTag);
    ok = Await(queue);
    if (ok) on_message(BytesOf(message));
  }
  grpc::Status status;
  stream->Finish(&status, kTag);
  Await(queue);
  return ReplyOf(status);
}

}  // namespace quaywatch::enrich::containerd
