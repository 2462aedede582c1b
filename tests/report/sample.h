// A fabricated study and fit, small but with everything a run folder can hold.
#pragma once

#include <string>

#include "polycause/evaluate.h"
#include "polycause/graph.h"
#include "polycause/model.h"
#include "polycause/study.h"

namespace polycause::sample {

/// `scale` participants; names that try to break out of HTML and CSV when `hostile`.
Study study(std::size_t participants, bool hostile = false);
Fit fit(const Study& study);
Graph discovered(const Study& study);
Scores scores(const Study& study);

/// A new directory below the system's temporary one, removed on destruction.
class Directory {
 public:
  Directory();
  ~Directory();
  Directory(const Directory&) = delete;
  Directory& operator=(const Directory&) = delete;
  const std::string& path() const { return path_; }
  std::string file(const std::string& name) const;

 private:
  std::string path_;
};

/// Training curves, as a fit would report them.
void feed_metrics(Observer& observer);

/// Everything at once: fit, discovery, scores and curves.
void write_whole_run(const std::string& directory, const Study& study);

}  // namespace polycause::sample
