#pragma once

// What every store is measured by: records of 250 bytes, some at a time, the next ones when these are durable.
//
//     PROGRAM STORE FOLDER RECORDS_PER_COMMIT SECONDS
//
// prints one line: records, seconds, and in milliseconds the commit's p50, p99 and longest time; seconds of CPU; bytes
// that were written to the disk.

#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace bench {

inline constexpr std::size_t record_bytes = 250;

// Somewhere to put records. commit() returns once everything put so far survives a power failure.
class Store {
 public:
  virtual ~Store() = default;
  virtual void put(std::uint64_t number, std::string_view record) = 0;
  virtual void commit() = 0;
};

inline double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

// Written to the disk that the folder is on, by whomever: run it on a quiet machine. The kernel's count for a process
// is no help, as it takes a page of 1 MiB for written where 512 bytes of it are. 0 where the disk is not known.
inline std::uint64_t written_bytes(const std::string& folder) {
  struct stat status{};
  if (stat(folder.c_str(), &status) != 0) return 0;
  const std::string name =
      "/sys/dev/block/" + std::to_string(major(status.st_dev)) + ":" + std::to_string(minor(status.st_dev)) + "/stat";
  std::FILE* file = std::fopen(name.c_str(), "r");
  if (file == nullptr) return 0;
  unsigned long long sectors = 0;
  const int found = std::fscanf(file, "%*u %*u %*u %*u %*u %*u %llu", &sectors);
  std::fclose(file);
  return found == 1 ? sectors * 512 : 0;
}

// Records that look like events: digits that differ, and a text that does not.
class Records {
 public:
  Records() : text_(record_bytes, 'e') {}
  std::string_view next(std::uint64_t number) {
    std::memcpy(text_.data(), &number, sizeof number);
    return text_;
  }

 private:
  std::string text_;
};

inline void run(Store& store, const std::string& folder, std::uint64_t per_commit, double seconds) {
  using Clock = std::chrono::steady_clock;
  Records records;
  std::vector<double> commits_ms;
  std::uint64_t count = 0;
  const double cpu = cpu_seconds();
  const std::uint64_t written = written_bytes(folder);
  const auto begin = Clock::now();
  std::chrono::duration<double> passed{};
  while (passed.count() < seconds) {
    const auto commit_begin = Clock::now();
    for (std::uint64_t i = 0; i < per_commit; ++i) {
      ++count;
      store.put(count, records.next(count));
    }
    store.commit();
    const auto end = Clock::now();
    commits_ms.push_back(std::chrono::duration<double, std::milli>(end - commit_begin).count());
    passed = end - begin;
  }
  std::ranges::sort(commits_ms);
  const auto at = [&](double share) {
    return commits_ms[static_cast<std::size_t>(share * static_cast<double>(commits_ms.size() - 1))];
  };
  std::printf("%llu %.6f %.4f %.4f %.4f %.6f %llu\n", static_cast<unsigned long long>(count), passed.count(), at(0.5),
              at(0.99), commits_ms.back(), cpu_seconds() - cpu,
              static_cast<unsigned long long>(written_bytes(folder) - written));
}

}  // namespace bench
