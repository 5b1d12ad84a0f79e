// Stores that a log could have been built on, each set up for records in order that are synced at every commit. One of
// USE_ROCKSDB, USE_LMDB, USE_SQLITE is defined; see measure.h.

#include <memory>

#include "measure.h"

#if defined(USE_ROCKSDB)
#include <rocksdb/db.h>
#include <rocksdb/version.h>
#elif defined(USE_LMDB)
#include <lmdb.h>
#else
#include <sqlite3.h>
#endif

namespace {

#if defined(USE_ROCKSDB)

// Write-ahead log, and files that are only dropped, never merged: the least that it can do with records in order.
class Peer final : public bench::Store {
 public:
  static std::string version() { return "RocksDB " + rocksdb::GetRocksVersionAsString(); }

  explicit Peer(const std::string& folder) {
    rocksdb::Options options;
    options.create_if_missing = true;
    options.compaction_style = rocksdb::kCompactionStyleFIFO;
    options.compaction_options_fifo.max_table_files_size = std::uint64_t{64} << 30;
    options.compression = rocksdb::kNoCompression;
    rocksdb::DB* db = nullptr;
    check(rocksdb::DB::Open(options, folder, &db));
    db_.reset(db);
    synced_.sync = true;
  }
  void put(std::uint64_t number, std::string_view record) override {
    const std::uint64_t key = __builtin_bswap64(number);  // In the order of bytes.
    batch_.Put(rocksdb::Slice(reinterpret_cast<const char*>(&key), sizeof key),
               rocksdb::Slice(record.data(), record.size()));
  }
  void commit() override {
    check(db_->Write(synced_, &batch_));
    batch_.Clear();
  }

 private:
  static void check(const rocksdb::Status& status) {
    if (!status.ok()) throw std::runtime_error(status.ToString());
  }

  std::unique_ptr<rocksdb::DB> db_;
  rocksdb::WriteOptions synced_;
  rocksdb::WriteBatch batch_;
};

#elif defined(USE_LMDB)

class Peer final : public bench::Store {
 public:
  static std::string version() { return mdb_version(nullptr, nullptr, nullptr); }

  explicit Peer(const std::string& folder) {
    check(mdb_env_create(&environment_));
    check(mdb_env_set_mapsize(environment_, std::size_t{64} << 30));
    check(mdb_env_open(environment_, folder.c_str(), 0, 0640));
    begin();
    check(mdb_dbi_open(transaction_, nullptr, MDB_INTEGERKEY | MDB_CREATE, &table_));
  }
  ~Peer() override {
    mdb_txn_abort(transaction_);
    mdb_env_close(environment_);
  }
  void put(std::uint64_t number, std::string_view record) override {
    MDB_val key{sizeof number, &number};
    MDB_val value{record.size(), const_cast<char*>(record.data())};
    check(mdb_put(transaction_, table_, &key, &value, MDB_APPEND));
  }
  void commit() override {
    check(mdb_txn_commit(transaction_));
    begin();
  }

 private:
  static void check(int status) {
    if (status != MDB_SUCCESS) throw std::runtime_error(mdb_strerror(status));
  }
  void begin() { check(mdb_txn_begin(environment_, nullptr, 0, &transaction_)); }

  MDB_env* environment_ = nullptr;
  MDB_txn* transaction_ = nullptr;
  MDB_dbi table_ = 0;
};

#else

class Peer final : public bench::Store {
 public:
  static std::string version() { return std::string("SQLite ") + sqlite3_libversion(); }

  explicit Peer(const std::string& folder) {
    check(sqlite3_open((folder + "/log.sqlite").c_str(), &db_));
    run("PRAGMA journal_mode=WAL");
    run("PRAGMA synchronous=FULL");
    run("CREATE TABLE log (number INTEGER PRIMARY KEY, record BLOB)");
    check(sqlite3_prepare_v2(db_, "INSERT INTO log VALUES (?, ?)", -1, &insert_, nullptr));
    run("BEGIN");
  }
  ~Peer() override {
    sqlite3_finalize(insert_);
    sqlite3_close(db_);
  }
  void put(std::uint64_t number, std::string_view record) override {
    sqlite3_bind_int64(insert_, 1, static_cast<sqlite3_int64>(number));
    sqlite3_bind_blob(insert_, 2, record.data(), static_cast<int>(record.size()), SQLITE_STATIC);
    if (sqlite3_step(insert_) != SQLITE_DONE) throw std::runtime_error(sqlite3_errmsg(db_));
    sqlite3_reset(insert_);
  }
  void commit() override {
    run("COMMIT");
    run("BEGIN");
  }

 private:
  void check(int status) {
    if (status != SQLITE_OK) throw std::runtime_error(sqlite3_errmsg(db_));
  }
  void run(const char* statement) { check(sqlite3_exec(db_, statement, nullptr, nullptr, nullptr)); }

  sqlite3* db_ = nullptr;
  sqlite3_stmt* insert_ = nullptr;
};

#endif

}  // namespace

int main(int count, char** arguments) {
  if (count == 2 && std::string_view(arguments[1]) == "version") {
    std::printf("%s\n", Peer::version().c_str());
    return 0;
  }
  if (count != 5) return 2;
  try {
    Peer store(arguments[2]);
    bench::run(store, arguments[2], std::stoull(arguments[3]), std::stod(arguments[4]));
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s: %s\n", arguments[1], error.what());
    return 1;
  }
}
