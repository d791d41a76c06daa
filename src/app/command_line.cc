// SPDX-License-Identifier: Apache-2.0
#include "app/command_line.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>

#include "api/server.h"
#include "app/cli.h"
#include "model/address.h"

namespace quaywatch::app {
namespace {

constexpr const char* kExitCodes =
    "\nExit codes:\n"
    "  0  success\n"
    "  1  wrong use, or something outside refused (no such file, disk full, no permission)\n"
    "  2  the capture is damaged; everything before the damage was read and recorded\n";

constexpr const char* kProgramExamples =
    "\nExamples:\n"
    "  quaywatch read trace.pcap                      look at a capture\n"
    "  quaywatch read trace.pcap --log-dir logs       write Zeek logs: logs/conn.log, logs/dns.log, ...\n"
    "  sudo quaywatch live -i eth0 --log-dir logs     watch an interface\n";

constexpr const char* kReadExamples =
    "\nExamples:\n"
    "  quaywatch read trace.pcap\n"
    "  quaywatch read trace.pcap --logs conn,http -o json | jq .uri\n"
    "  quaywatch read monday.pcap.zst tuesday.pcapng.gz --log-dir logs --log-format zeek-json\n"
    "  quaywatch read trace.pcap --filter 'host 10.0.0.7 and port 6379' --logs redis\n"
    "  tcpdump -i any -w - | quaywatch read - --log-dir logs    (the same as: quaywatch live)\n";

constexpr const char* kLiveExamples =
    "\nNeeds the right to capture: run it as root, or once: sudo setcap cap_net_raw+ep quaywatch\n"
    "Ctrl-C ends it with complete logs. Every minute, and at the end, a line on standard error tells how\n"
    "much was seen and whether anything was lost.\n"
    "\nExamples:\n"
    "  sudo quaywatch live\n"
    "  sudo quaywatch live -i eth0 -i docker0 --log-dir /var/log/quaywatch\n"
    "  sudo quaywatch live -i any --filter 'not port 22' -o json\n"
    "To look at a file instead: quaywatch read trace.pcap\n";

constexpr const char* kEndpointsExamples =
    "\nExamples:\n"
    "  sudo quaywatch endpoints\n"
    "  sudo quaywatch endpoints --ended -o json | jq -r '.[] | [.pod, .addresses[0]] | @tsv'\n"
    "How the sensor fares: quaywatch status\n";

constexpr const char* kStatusExamples =
    "\nExamples:\n"
    "  sudo quaywatch status\n"
    "  sudo quaywatch status -o json | jq .sources\n"
    "Whom it knows: quaywatch endpoints\n";

constexpr const char* kStateExamples =
    "\nExamples:\n"
    "  sudo quaywatch state save state.json\n"
    "  quaywatch read --cluster-state state.json trace.pcap\n";

constexpr const char* kSchemaExamples =
    "\nExamples:\n"
    "  quaywatch schema conn\n"
    "  quaywatch schema -o json | jq -r '.[].name'\n"
    "What a capture's records look like: quaywatch read trace.pcap -o json\n";

constexpr const char* kCompletionExamples =
    "\nExamples:\n"
    "  quaywatch completion bash > /etc/bash_completion.d/quaywatch\n"
    "  quaywatch completion zsh > ~/.zfunc/_quaywatch\n"
    "  quaywatch completion fish > ~/.config/fish/completions/quaywatch.fish\n";

// CLI11's wording for a person who has never seen CLI11.
std::string OneLine(std::string text) {
  std::ranges::replace(text, '\n', ' ');
  while (text.ends_with(' ')) text.pop_back();
  return text;
}

std::string CheckNetwork(const std::string& text) {
  const size_t slash = text.find('/');
  const auto address = model::IpAddress::Parse(text.substr(0, slash));
  unsigned bits = 0;
  bool good = address.has_value();
  if (good && slash != std::string::npos) {
    const char* const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data() + slash + 1, end, bits);
    good = error == std::errc() && stop == end && bits <= (address->is_v4() ? 32 : 128);
  }
  return good ? std::string() : "'" + text + "' is no network; write it like 10.0.0.0/8 or fd00::/8";
}

std::string CheckSeconds(const std::string& text) {
  double seconds = 0;
  const bool good = CLI::detail::lexical_cast(text, seconds) && seconds >= 0.001 && seconds <= 1e9;
  return good ? std::string() : "'" + text + "' is no number of seconds above 0";
}

// A check that does not show in the help, which says it in words.
CLI::Validator Quiet(CLI::Validator check) { return check.description(""); }

class CommandLine {
 public:
  CommandLine() {
    program_.allow_extras();
    // The word after a command is a file or a topic, even if it is also the name of a command.
    program_.require_subcommand(0, 1);
    program_.set_help_flag("-h,--help", "Show this help");
    program_.add_flag("-V,--version", version_, "Show the version");
    program_.footer(std::string(kProgramExamples) + "\nHelp for a command: quaywatch read --help\n" + kExitCodes);
    AddRead();
    AddLive();
    AddSchema();
    AddQuestions();
    AddRest();
  }

  base::Result<Invocation> Parse(int argc, const char* const* argv) {
    try {
      program_.parse(argc, argv);
    } catch (const CLI::CallForHelp&) {
      return Invocation{.command = Command::kText, .watch = {}, .schema = {}, .text = HelpText(program_, Chosen())};
    } catch (const CLI::ParseError& error) {
      // A word that is not known is the better explanation of whatever else is wrong.
      if (auto known = CheckWords(); !known) return std::unexpected(known.error());
      return base::Fail(OneLine(error.what()) + SeeHelp());
    }
    if (auto known = CheckWords(); !known) return std::unexpected(known.error());
    return Finish();
  }

 private:
  CLI::App* AddCommand(const char* name, const char* help, const char* footer) {
    CLI::App* command = program_.add_subcommand(name, help);
    command->allow_extras();
    command->set_help_flag("-h,--help", "Show this help");
    command->footer(std::string(footer) + kExitCodes);
    return command;
  }

  void AddWatchOptions(CLI::App* command) {
    WatchOptions& o = invocation_.watch;
    auto* dir = command
                    ->add_option("--log-dir", o.log_dir,
                                 "Write one file per log to this folder, made if needed; earlier files are overwritten")
                    ->type_name("FOLDER")
                    ->group("Output");
    command
        ->add_option("--log-format", log_format_,
                     "Of these files: as Zeek writes them (zeek-tsv: default), or JSON lines")
        ->type_name("zeek-tsv|zeek-json|json")
        ->check(Quiet(CLI::IsMember({"zeek-tsv", "zeek-json", "json"})))
        ->needs(dir)
        ->group("Output");
    command
        ->add_option("-o,--output", output_,
                     "To standard output: a line for each connection (connections: default without --log-dir), all "
                     "records for people (table), or as JSON lines (json)")
        ->type_name("connections|table|json")
        ->check(Quiet(CLI::IsMember({"connections", "table", "json"})))
        ->group("Output");
    command->add_option("--logs", o.logs, "Only these logs, as in conn,dns; quaywatch schema lists them")
        ->type_name("NAME,...")
        ->delimiter(',')
        ->allow_extra_args(false)
        ->group("Output");
    command
        ->add_option("--interim", o.interim_seconds,
                     "Also record long connections every so many seconds while they last (default: at their end)")
        ->type_name("SECONDS")
        ->check(CheckSeconds)
        ->group("Output");
    command->add_flag("--hash", o.hash_files, "MD5, SHA-1 and SHA-256 of files seen, in files.log")->group("Output");

    command->add_option("--filter", o.filter, "Only packets that match this, in tcpdump's language; see pcap-filter(7)")
        ->type_name("EXPRESSION")
        ->group("Packets");
    command
        ->add_flag("-C,--ignore-checksums", o.ignore_checksums,
                   "Believe packets with wrong checksums (captures made on the sender often have them)")
        ->group("Packets");
    command
        ->add_option("--local-nets", o.local_nets, "Networks that are ours, as in 10.0.0.0/8 (default: private ones)")
        ->type_name("CIDR,...")
        ->delimiter(',')
        ->allow_extra_args(false)
        ->check(CheckNetwork)
        ->group("Packets");

    command->add_option("--workers", o.workers, "Threads that look at packets; the records are the same (default: 1)")
        ->type_name("N")
        ->check(Quiet(CLI::Range(1, 64)))
        ->group("Limits");
    command
        ->add_option("--max-flows", o.max_flows,
                     "Connections kept in memory at a time; beyond, the longest silent is ended (default: 1000000)")
        ->type_name("N")
        ->check(Quiet(CLI::Range(uint64_t{1}, uint64_t{1} << 32)))
        ->group("Limits");
    command
        ->add_option("--max-memory", o.max_memory_mib,
                     "Memory of the program as a whole; beyond, an eighth of the connections is ended (default: 900)")
        ->type_name("MIB")
        ->check(Quiet(CLI::Range(uint64_t{64}, uint64_t{1} << 24)))
        ->group("Limits");
    command
        ->add_option("--max-reorder", o.max_reorder_mib,
                     "Memory for bytes that wait for missing ones before them (default: 256)")
        ->type_name("MIB")
        ->check(Quiet(CLI::Range(1, 65536)))
        ->group("Limits");
  }

  void AddRead() {
    read_ = AddCommand("read", "Read capture files (pcap, pcapng; plain, gzip or zstd)", kReadExamples);
    read_->add_option("FILE", invocation_.watch.files, "Capture files, read one after the other; - is standard input")
        ->type_name(" ");
    AddWatchOptions(read_);
    read_
        ->add_option("--cluster-state", invocation_.watch.cluster_state,
                     "Name both ends of each connection as this state has them (quaywatch state save), and count a "
                     "packet once that the capture shows on several interfaces")
        ->type_name("FILE")
        ->check(Quiet(CLI::ExistingFile))
        ->group("Names");
    AddNameOptions(read_);
  }

  void AddNameOptions(CLI::App* command) {
    WatchOptions& o = invocation_.watch;
    command
        ->add_option("--labels", o.labels, "Labels to show, by key; '*' for all (default: app, app.kubernetes.io/name)")
        ->type_name("KEY,...")
        ->delimiter(',')
        ->allow_extra_args(false)
        ->group("Names");
    command->add_option("--node", o.node, "Name of this machine (default: $NODE_NAME, else its host name)")
        ->type_name("NAME")
        ->group("Names");
  }

  void AddSources() {
    WatchOptions& o = invocation_.watch;
    live_->add_option("--docker", o.docker, "Docker's or Podman's socket, or off (default: found out)")
        ->type_name("PATH|off")
        ->group("Names");
    live_->add_option("--containerd", o.containerd, "containerd's or another CRI socket, or off (default: found out)")
        ->type_name("PATH|off")
        ->group("Names");
    live_
        ->add_option("--kubeconfig", o.kubernetes,
                     "How to reach the Kubernetes API, or off (default: the service account of the pod we run in, else "
                     "$KUBECONFIG)")
        ->type_name("FILE|off")
        ->group("Names");
    AddSocket(live_, o.socket, "Where to answer quaywatch status and endpoints, or off");
  }

  static void AddSocket(CLI::App* command, std::string& socket, const std::string& help) {
    command->add_option("--socket", socket, help + fmt::format(" (default: {})", api::kDefaultSocket))
        ->type_name("PATH")
        ->group("Sensor");
  }

  void AddQuestions() {
    AskOptions& o = invocation_.ask;
    const auto add = [&](const char* name, const char* help, const char* examples) {
      CLI::App* command = AddCommand(name, help, examples);
      AddSocket(command, o.socket, "Where the sensor listens");
      return command;
    };
    const auto add_format = [&](CLI::App* command) {
      command->add_option("-o,--output", o.format, "How to show them (default: table)")
          ->type_name("table|json")
          ->check(Quiet(CLI::IsMember({"table", "json"})));
    };
    endpoints_ = add("endpoints", "List whom the running sensor knows: pods, containers, nodes", kEndpointsExamples);
    add_format(endpoints_);
    endpoints_->add_flag("--ended", o.with_ended, "Also those that are gone, as long as they are remembered");
    status_ = add("status", "Show what the running sensor sees, what not, and why", kStatusExamples);
    add_format(status_);
    state_ = add("state", "Save the names that the running sensor knows", kStateExamples);
    state_->add_option("save", state_words_, "The word save, and the file to write; - is standard output")
        ->type_name("FILE")
        ->expected(0, 2);
  }

  void AddLive() {
    live_ = AddCommand("live", "Watch network interfaces", kLiveExamples);
    live_
        ->add_option("-i,--interface", invocation_.watch.interfaces,
                     "Interface to watch, may be repeated; any (default): all, also those that appear later")
        ->type_name("NAME,...")
        ->delimiter(',')
        ->allow_extra_args(false)
        ->group("Packets");
    AddWatchOptions(live_);
    AddNameOptions(live_);
    AddSources();
    live_->add_option("--ring", invocation_.watch.ring_mib, "Memory for packets that wait, per worker (default: 64)")
        ->type_name("MIB")
        ->check(Quiet(CLI::Range(1, 4096)))
        ->group("Limits");
  }

  void AddSchema() {
    schema_ = AddCommand("schema", "Show all logs and their columns", kSchemaExamples);
    schema_->add_option("LOG", invocation_.schema.logs, "Only these logs")->type_name(" ");
    schema_->add_option("-o,--output", invocation_.schema.format, "How to show them (default: table)")
        ->type_name("table|json|markdown")
        ->check(Quiet(CLI::IsMember({"table", "json", "markdown"})))
        ->default_str("table");
  }

  void AddRest() {
    version_command_ = AddCommand("version", "Show the version", "");
    help_ = AddCommand("help", "Show help for a command", "\nExample:\n  quaywatch help read\n");
    help_->add_option("COMMAND", topic_, "The command")->type_name(" ");
    completion_ = AddCommand("completion", "Print a completion script for a shell", kCompletionExamples);
    completion_->add_option("SHELL", shell_, "bash, zsh or fish")->type_name(" ");
    man_ = AddCommand("man", "Print the manual page", "\nExample:\n  quaywatch man | man -l -\n");
  }

  const CLI::App* Chosen() const {
    const auto chosen = program_.get_subcommands();
    return chosen.empty() ? nullptr : chosen.front();
  }

  std::string SeeHelp() const {
    const CLI::App* const command = Chosen();
    return fmt::format("; see: quaywatch {}--help", command ? command->get_name() + " " : "");
  }

  static std::vector<std::string> Commands(const CLI::App& program) {
    std::vector<std::string> names;
    for (const CLI::App* command : AllCommands(program)) names.push_back(command->get_name());
    return names;
  }

  static std::vector<std::string> OptionNames(const CLI::App& command) {
    std::vector<std::string> names;
    for (const CLI::Option* option : command.get_options()) {
      for (const auto& name : option->get_lnames()) names.push_back("--" + name);
    }
    return names;
  }

  base::Result<> CheckWords() const {
    const CLI::App* const command = Chosen();
    for (const CLI::App* app : {&program_, command}) {
      if (app == nullptr) continue;
      for (const std::string& word : app->remaining()) {
        if (word == "--") continue;
        return UnknownWord(*app, word);
      }
    }
    return {};
  }

  base::Result<> UnknownWord(const CLI::App& app, const std::string& word) const {
    if (word.size() > 1 && word[0] == '-') {
      const std::string name = word.substr(0, word.find('='));
      if (&app == &program_ && read_->get_option_no_throw(name) != nullptr) {
        return base::Fail(
            fmt::format("the option {} stands after the command, as in: quaywatch read {} ...", name, name));
      }
      return base::Fail(fmt::format("unknown option {}{}{}", name, DidYouMean(name, OptionNames(app)), SeeHelp()));
    }
    if (&app != &program_) {
      return base::Fail(fmt::format("{} takes no argument '{}'{}", app.get_name(), word, SeeHelp()));
    }
    if (word.find(".pcap") != std::string::npos || word.find(".cap") != std::string::npos) {
      return base::Fail(fmt::format("unknown command '{}'; to look at a capture: quaywatch read {}", word, word));
    }
    return base::Fail(
        fmt::format("unknown command '{}'{}; see: quaywatch --help", word, DidYouMean(word, Commands(program_))));
  }

  base::Result<Invocation> Finish() {
    const CLI::App* const command = Chosen();
    if (version_ || command == version_command_) {
      invocation_.command = Command::kVersion;
    } else if (command == nullptr) {
      return base::Fail("no command; try: quaywatch read trace.pcap, or quaywatch --help");
    } else if (command == read_ || command == live_) {
      return FinishWatch();
    } else if (command == endpoints_ || command == status_) {
      invocation_.command = command == status_ ? Command::kStatus : Command::kEndpoints;
    } else if (command == state_) {
      if (state_words_.size() != 2 || state_words_[0] != "save") {
        return base::Fail("state needs to know what to do, as in: quaywatch state save state.json");
      }
      invocation_.command = Command::kStateSave;
      invocation_.ask.file = state_words_[1];
    } else if (command == schema_) {
      invocation_.command = Command::kSchema;
      if (invocation_.schema.format.empty()) invocation_.schema.format = "table";
    } else {
      return FinishText();
    }
    AskOptions& ask = invocation_.ask;
    if (ask.socket.empty()) ask.socket = api::kDefaultSocket;
    if (ask.format.empty()) ask.format = "table";
    return invocation_;
  }

  base::Result<Invocation> FinishWatch() {
    WatchOptions& o = invocation_.watch;
    if (o.socket.empty()) o.socket = api::kDefaultSocket;
    invocation_.command = read_->parsed() ? Command::kRead : Command::kLive;
    if (read_->parsed() && o.files.empty()) {
      return base::Fail("read needs a capture file, as in: quaywatch read trace.pcap (or - for standard input)");
    }
    o.is_live = live_->parsed();
    o.log_format = log_format_.empty() ? "zeek-tsv" : log_format_;
    o.output = output_.empty() && o.log_dir.empty() ? "connections" : output_;
    return invocation_;
  }

  base::Result<Invocation> FinishText() {
    invocation_.command = Command::kText;
    if (man_->parsed()) {
      invocation_.text = ManualPage(program_);
    } else if (completion_->parsed()) {
      invocation_.text = CompletionScript(program_, shell_);
      if (invocation_.text.empty()) {
        return base::Fail("completion needs the name of a shell: bash, zsh or fish" +
                          (shell_.empty() ? "" : ", not '" + shell_ + "'"));
      }
    } else if (topic_.empty()) {
      invocation_.text = HelpText(program_, nullptr);
    } else {
      const auto commands = AllCommands(program_);
      const auto topic =
          std::ranges::find(commands, topic_, [](const CLI::App* command) { return command->get_name(); });
      if (topic == commands.end()) return std::unexpected(UnknownWord(program_, topic_).error());
      invocation_.text = HelpText(program_, *topic);
    }
    return invocation_;
  }

  CLI::App program_{"Turns packets into records: who talked to whom, and what they said", "quaywatch"};
  CLI::App* read_ = nullptr;
  CLI::App* live_ = nullptr;
  CLI::App* schema_ = nullptr;
  CLI::App* version_command_ = nullptr;
  CLI::App* help_ = nullptr;
  CLI::App* endpoints_ = nullptr;
  CLI::App* status_ = nullptr;
  CLI::App* state_ = nullptr;
  CLI::App* completion_ = nullptr;
  CLI::App* man_ = nullptr;
  bool version_ = false;
  std::string log_format_;
  std::string output_;
  std::string topic_;
  std::vector<std::string> state_words_;
  std::string shell_;
  Invocation invocation_;
};

}  // namespace

base::Result<Invocation> ParseCommandLine(int argc, const char* const* argv) { return CommandLine().Parse(argc, argv); }

}  // namespace quaywatch::app
