#include "train/watch.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "polycause/error.h"
#include "train/fixtures.h"

namespace polycause {
namespace {

TEST(Watch, ReportsProgressMetricsAndMessages) {
  Recorder recorder;
  Watch watch(&recorder, 1000);
  watch.advance("restart0/autoencoder0", 5);
  watch.advance("restart0/start0", 495);
  watch.advance("restart0/start0", 5000);
  ASSERT_EQ(recorder.steps.size(), 3u);
  EXPECT_EQ(recorder.steps[0].stage, "restart0/autoencoder0");
  EXPECT_DOUBLE_EQ(recorder.steps[0].fraction, 0.005);
  EXPECT_LT(recorder.steps[0].seconds_left, 0) << "too early to say";
  EXPECT_DOUBLE_EQ(recorder.steps[1].fraction, 0.5);
  EXPECT_GE(recorder.steps[1].seconds_left, 0);
  EXPECT_DOUBLE_EQ(recorder.steps[2].fraction, 1.0) << "never beyond the end";
  watch.metric("a/nll", 3, 1.25);
  ASSERT_EQ(recorder.metrics.size(), 1u);
  EXPECT_TRUE(recorder.metrics[0] == (Metric{"a/nll", 3, 1.25}));
  watch.message(LogLevel::kWarning, "text");
  EXPECT_EQ(recorder.messages, std::vector<std::string>{"text"});
}

TEST(Watch, StopsOnRequestOnly) {
  Recorder recorder;
  recorder.cancel_after = 2;
  const Watch watch(&recorder, 1);
  watch.check();
  watch.check();
  EXPECT_THROW(watch.check(), Interrupted);
}

TEST(Watch, NeedsNoObserverAndNoWork) {
  Watch nobody(nullptr, 0);
  nobody.check();
  nobody.advance("stage", 1);
  nobody.metric("series", 1, 1);
  nobody.message(LogLevel::kInfo, "text");
  Recorder recorder;
  Watch nothing_to_do(&recorder, 0);
  nothing_to_do.advance("stage", 0);
  EXPECT_EQ(recorder.steps.at(0).fraction, 0.0);
}

TEST(Watch, CallsFromThreadsComeOneAtATime) {
  struct Alone : Observer {
    std::atomic<int> inside{0};
    std::atomic<bool> together{false};
    int calls = 0;
    void enter() {
      if (++inside > 1) together = true;
      ++calls;
      std::this_thread::yield();
      --inside;
    }
    void metric(const Metric&) override { enter(); }
    void progress(const Progress&) override { enter(); }
    void message(LogLevel, const std::string&) override { enter(); }
  } observer;
  Watch watch(&observer, 100);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 500; ++i) {
        watch.metric("m", i, 0);
        watch.advance("s", 0.01);
        watch.message(LogLevel::kDebug, "d");
      }
    });
  }
  for (std::thread& t : threads) t.join();
  EXPECT_FALSE(observer.together);
  EXPECT_EQ(observer.calls, 6000);
}

}  // namespace
}  // namespace polycause
