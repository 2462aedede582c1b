#include "report/recorder.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/files.h"
#include "polycause/error.h"
#include "report/sample.h"
#include "report/tensorboard.h"

namespace polycause {
namespace {

namespace fs = std::filesystem;

std::uint64_t little_endian(const std::string& bytes, std::size_t at, int count) {
  std::uint64_t value = 0;
  for (int i = count - 1; i >= 0; --i) {
    value = value << 8 | static_cast<unsigned char>(bytes.at(at + static_cast<std::size_t>(i)));
  }
  return value;
}

std::uint64_t varint(const std::string& bytes, std::size_t& at) {
  std::uint64_t value = 0;
  for (int shift = 0;; shift += 7) {
    const auto byte = static_cast<unsigned char>(bytes.at(at++));
    value |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
    if (byte < 0x80) return value;
  }
}

// Field number -> raw bytes (varints and fixed numbers as 8 little-endian bytes).
std::map<std::uint64_t, std::string> message_fields(const std::string& bytes) {
  std::map<std::uint64_t, std::string> fields;
  for (std::size_t at = 0; at < bytes.size();) {
    const std::uint64_t key = varint(bytes, at);
    std::size_t length = 8;
    std::string text;
    switch (key & 7) {
      case 0: {
        const std::uint64_t value = varint(bytes, at);
        text.assign(reinterpret_cast<const char*>(&value), 8);
        length = 0;
        break;
      }
      case 2:
        length = varint(bytes, at);
        break;
      case 5:
        length = 4;
        break;
      default:
        break;
    }
    if (length > 0) text = bytes.substr(at, length);
    at += length;
    fields[key >> 3] = text;
  }
  return fields;
}

// Payloads of the records of a file; both checksums of each are verified.
std::vector<std::string> records(const std::string& bytes) {
  std::vector<std::string> out;
  for (std::size_t at = 0; at < bytes.size();) {
    const std::uint64_t length = little_endian(bytes, at, 8);
    EXPECT_EQ(little_endian(bytes, at + 8, 4), masked_crc32c(bytes.substr(at, 8)));
    out.push_back(bytes.substr(at + 12, length));
    EXPECT_EQ(little_endian(bytes, at + 12 + length, 4), masked_crc32c(out.back()));
    at += 16 + length;
  }
  return out;
}

std::string events_file(const std::string& directory) {
  for (const fs::directory_entry& entry : fs::directory_iterator(directory)) {
    if (entry.path().filename().string().rfind("events.out.tfevents.", 0) == 0) {
      return entry.path().string();
    }
  }
  return "";
}

TEST(Tensorboard, Crc32cMatchesPublishedValues) {
  EXPECT_EQ(crc32c("123456789"), 0xE3069283u);            // the check value of the polynomial
  EXPECT_EQ(crc32c(std::string(32, '\0')), 0x8A9136AAu);  // RFC 3720, B.4
  EXPECT_EQ(crc32c(std::string(32, '\xFF')), 0x62A8AB43u);
  EXPECT_EQ(crc32c(""), 0u);
}

std::string hex(const std::string& bytes) {
  std::string text;
  for (const char c : bytes) {
    constexpr const char* kDigits = "0123456789abcdef";
    text += kDigits[static_cast<unsigned char>(c) >> 4];
    text += kDigits[static_cast<unsigned char>(c) & 15];
  }
  return text;
}

TEST(Tensorboard, RecordsMatchThoseOfProtobuf) {
  const auto golden =
      nlohmann::json::parse(read_file(POLYCAUSE_SOURCE_DIR "/tests/golden/tensorboard.json"));
  ASSERT_EQ(golden["cases"].size(), 5u);
  for (const auto& event : golden["cases"]) {
    const double time = event["wall_time"];
    const std::string payload =
        event.contains("tag") ? scalar_event(time, event["step"], event["tag"].get<std::string>(),
                                             event["value"].get<float>())
                              : version_event(time);
    EXPECT_EQ(hex(tf_record(payload)), event["record"].get<std::string>());
  }
}

class Collector : public Observer {
 public:
  std::vector<std::string> heard;
  bool stop = false;
  void message(LogLevel, const std::string& text) override { heard.push_back("message " + text); }
  void progress(const Progress& p) override { heard.push_back("progress " + p.stage); }
  void metric(const Metric& m) override { heard.push_back("metric " + m.series); }
  bool cancelled() const override { return stop; }
};

TEST(Recorder, PassesEverythingOn) {
  const sample::Directory run;
  Collector next;
  Recorder recorder(run.path(), &next);
  recorder.message(LogLevel::kInfo, "hello");
  recorder.progress({"branches", 0.5, 3});
  recorder.metric({"loss", 1, 0.5});
  EXPECT_FALSE(recorder.cancelled());
  next.stop = true;
  EXPECT_TRUE(recorder.cancelled());
  recorder.close();
  recorder.close();
  recorder.message(LogLevel::kInfo, "after");
  EXPECT_EQ(next.heard, (std::vector<std::string>{"message hello", "progress branches",
                                                  "metric loss", "message after"}));
}

TEST(Recorder, MetricsDoNotDependOnTheirOrder) {
  const std::vector<Metric> metrics = {
      {"b, \"quoted\"", 2, 0.1}, {"a", 10, 1e-300}, {"a", 9, -2}, {"a", 9, 3}};
  std::vector<std::string> texts;
  for (const bool swap : {false, true}) {
    const sample::Directory run;
    Recorder recorder(run.path());
    if (swap) {
      for (const std::size_t i : {1u, 2u, 0u, 3u}) recorder.metric(metrics[i]);
    } else {
      for (const Metric& metric : metrics) recorder.metric(metric);
    }
    recorder.close();
    texts.push_back(read_file(run.file("metrics.csv")));
  }
  EXPECT_EQ(texts[0], "series,step,value\na,9,3\na,10,1e-300\n\"b, \"\"quoted\"\"\",2,0.1\n");
  EXPECT_EQ(texts[0], texts[1]);
}

TEST(Recorder, AResumedRunAppendsEvenAfterHalfALine) {
  const sample::Directory run;
  write_file(run.file("metrics.csv"), "series,step,value\na,1,0.5\na,2,0.2");
  Recorder recorder(run.path());
  recorder.metric({"a", 2, 0.25});
  recorder.close();
  EXPECT_EQ(read_file(run.file("metrics.csv")), "series,step,value\na,1,0.5\na,2,0.25\n");
}

TEST(Recorder, KeepsCurvesOfAnInterruptedRun) {
  const sample::Directory run;
  {
    Recorder recorder(run.path());
    recorder.metric({"a", 1, 0.5});
  }
  EXPECT_EQ(read_file(run.file("metrics.csv")), "series,step,value\na,1,0.5\n");
  EXPECT_EQ(records(read_file(events_file(run.path()))).size(), 2u);
}

TEST(Recorder, LogHasOneLinePerMessage) {
  const sample::Directory run;
  Recorder recorder(run.path());
  recorder.message(LogLevel::kWarning, "two\nlines");
  recorder.message(LogLevel::kInfo, "next");
  recorder.close();
  const std::string log = read_file(run.file("log.txt"));
  EXPECT_NE(log.find("Z warning two lines\n"), std::string::npos) << log;
  EXPECT_NE(log.find("Z info next\n"), std::string::npos) << log;
}

TEST(Recorder, EventFileHoldsTheScalars) {
  const sample::Directory run;
  Recorder recorder(run.path());
  recorder.metric({"branch0/nll", 300, 7.25});
  recorder.metric({"branch0/nll", -1, -0.5});
  recorder.close();
  const std::vector<std::string> events = records(read_file(events_file(run.path())));
  ASSERT_EQ(events.size(), 3u);
  EXPECT_EQ(message_fields(events[0]).at(3), "brain.Event:2");
  auto event = message_fields(events[1]);
  double wall_time = 0;
  std::memcpy(&wall_time, event.at(1).data(), 8);
  EXPECT_GT(wall_time, 1.5e9);
  EXPECT_EQ(little_endian(event.at(2), 0, 8), 300u);
  const auto value = message_fields(message_fields(event.at(5)).at(1));
  EXPECT_EQ(value.at(1), "branch0/nll");
  float number = 0;
  std::memcpy(&number, value.at(2).data(), 4);
  EXPECT_EQ(number, 7.25f);
  EXPECT_EQ(static_cast<std::int64_t>(little_endian(message_fields(events[2]).at(2), 0, 8)), -1);
}

TEST(Recorder, AnUnwritablePlaceIsAnError) {
  const sample::Directory run;
  write_file(run.file("file"), "");
  EXPECT_THROW(Recorder(run.file("file")), Error);
}

TEST(RunLog, KeepsWhatALaterStageSays) {
  const sample::Directory run;
  Recorder recorder(run.path());
  recorder.message(LogLevel::kInfo, "the fit");
  recorder.close();
  struct : Observer {
    void message(LogLevel, const std::string& text) override { heard += text + ";"; }
    std::string heard;
  } next;
  RunLog log(run.path(), next);
  log.message(LogLevel::kInfo, "discover: latents and covariates");
  log.message(LogLevel::kWarning, "column 'a'\nis thin");
  EXPECT_EQ(log.warnings(), std::vector<std::string>{"column 'a'\nis thin"});
  EXPECT_EQ(next.heard, "discover: latents and covariates;column 'a'\nis thin;");
  const std::string text = read_file(run.file("log.txt"));
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 3);
  EXPECT_NE(text.find("Z info the fit\n"), std::string::npos);
  EXPECT_NE(text.find("Z warning column 'a' is thin\n"), std::string::npos);
}

}  // namespace
}  // namespace polycause
