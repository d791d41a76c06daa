// SPDX-License-Identifier: Apache-2.0
#include "emit/log_writer.h"

#include <unistd.h>

#include <filesystem>
#include <map>

#include "emit/connection_table.h"
#include "emit/line.h"
#include "emit/output_file.h"
#include "emit/table.h"

namespace quaywatch::emit {

class LogWriter::Impl {
 public:
  explicit Impl(Options options) : options_(std::move(options)) {
    if (options_.log_dir.empty()) all_ = OutputFile::StandardOutput();
  }

  base::Result<> Append(const Block& block, base::Timestamp time) {
    if (all_) {
      if (IsForPeople(options_.format) && !std::exchange(has_header_, true)) {
        const std::string header = options_.format == Format::kTable ? TableLayout::Header(options_.color)
                                                                     : ConnectionTable::Header(options_.color);
        if (auto written = all_->Write(header); !written) return written;
      }
      // People and programs wait at the other end.
      if (auto written = all_->Write(block.text); !written) return written;
      return all_->Flush();
    }
    std::unique_ptr<OutputFile>& file = files_[block.schema];
    if (!file) {
      auto created = OutputFile::Create(options_.log_dir + "/" + std::string(block.schema->name()) + ".log");
      if (!created) return std::unexpected(created.error());
      file = std::move(*created);
      if (options_.format == Format::kZeekTsv) {
        if (auto written = file->Write(TsvHeader(*block.schema, options_.names, time)); !written) return written;
      }
    }
    return file->Write(block.text);
  }

  base::Result<> Close(base::Timestamp time) {
    base::Result<> result;
    const auto keep_first = [&](base::Result<> next) {
      if (result && !next) result = std::move(next);
    };
    for (auto& [schema, file] : files_) {
      if (!file) continue;
      if (options_.format == Format::kZeekTsv) keep_first(file->Write(TsvFooter(time)));
      keep_first(file->Close());
    }
    files_.clear();
    if (all_) keep_first(all_->Flush());
    return result;
  }

 private:
  Options options_;
  std::unique_ptr<OutputFile> all_;
  bool has_header_ = false;  // of the table
  std::map<const model::Schema*, std::unique_ptr<OutputFile>> files_;
};

base::Result<std::unique_ptr<LogWriter>> LogWriter::Open(const Options& options) {
  if (!options.log_dir.empty()) {
    std::error_code error;
    std::filesystem::create_directories(options.log_dir, error);
    if (!error && !std::filesystem::is_directory(options.log_dir, error) && !error) {
      error = std::make_error_code(std::errc::not_a_directory);
    }
    if (!error && ::access(options.log_dir.c_str(), W_OK | X_OK) != 0) {
      error = std::error_code(errno, std::generic_category());
    }
    if (error) return base::Fail("cannot write logs to the folder " + options.log_dir + ": " + error.message());
  }
  return std::unique_ptr<LogWriter>(new LogWriter(std::make_unique<Impl>(options)));
}

LogWriter::LogWriter(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
LogWriter::~LogWriter() = default;
base::Result<> LogWriter::Append(const Block& block, base::Timestamp time) { return impl_->Append(block, time); }
base::Result<> LogWriter::Close(base::Timestamp time) { return impl_->Close(time); }

}  // namespace quaywatch::emit
