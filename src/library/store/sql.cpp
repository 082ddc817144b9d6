#include "library/store/sql.h"

#include <sqlite3.h>

#include <algorithm>

namespace tactus::library {

namespace {

StoreError::Kind kind_of_code(int code) {
  switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return StoreError::Kind::busy;
    case SQLITE_FULL:
      return StoreError::Kind::full;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return StoreError::Kind::corrupt;
    case SQLITE_CANTOPEN:
      return StoreError::Kind::missing;
    default:
      return StoreError::Kind::other;
  }
}

std::string words_for(int code, const std::string& said) {
  switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return "another program holds the library's database locked; nothing was changed, try again later";
    case SQLITE_FULL:
      return "the disk with the library is full; nothing was changed by this step, what was saved before is safe";
    case SQLITE_IOERR:
      return "the disk with the library refuses to read or write (" + said + "); what was saved before is safe";
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return "the library's database is damaged or is no library (" + said +
             "); `tactus library restore` brings a backup back";
    case SQLITE_CANTOPEN:
      return "the library's database can't be opened";
    case SQLITE_READONLY:
      return "the library's database can't be written to (" + said + ")";
    default:
      return "the library's database: " + said;
  }
}

}  // namespace

Statement::Statement(Database& db, std::string_view sql) : db_(&db) {
  const int code = sqlite3_prepare_v3(db.handle(), sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT,
                                      &statement_, nullptr);
  if (code != SQLITE_OK) db.raise(code);
}

Statement::Statement(Statement&& other) noexcept
    : db_(other.db_), statement_(std::exchange(other.statement_, nullptr)) {}

Statement::~Statement() { sqlite3_finalize(statement_); }

void Statement::reset() {
  sqlite3_reset(statement_);  // what it says again is the error that step() has thrown
  sqlite3_clear_bindings(statement_);
  db_->hold_may_end();
}

bool Statement::step() {
  db_->hold_begins();
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) {
    db_->hold_may_end();
    return false;
  }
  // The reset ends the read or write lock that a failed statement may hold; the error is made before.
  try {
    db_->raise(code);
  } catch (...) {
    reset();
    throw;
  }
}

void Statement::run() {
  while (step()) {
  }
  reset();
}

void Statement::bind_null(int i) { sqlite3_bind_null(statement_, i); }
void Statement::bind_integer(int i, std::int64_t value) { sqlite3_bind_int64(statement_, i, value); }
void Statement::bind_number(int i, double value) { sqlite3_bind_double(statement_, i, value); }
void Statement::bind_text(int i, std::string_view value) {
  // An empty view may have no data at all, which would bind NULL.
  sqlite3_bind_text64(statement_, i, value.data() ? value.data() : "", value.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
}
void Statement::bind_bytes(int i, Bytes value) {
  const char* data = value.bytes.data() ? value.bytes.data() : "";
  sqlite3_bind_blob64(statement_, i, data, value.bytes.size(), SQLITE_TRANSIENT);
}

bool Statement::null(int column) const { return sqlite3_column_type(statement_, column) == SQLITE_NULL; }
std::int64_t Statement::integer(int column) const { return sqlite3_column_int64(statement_, column); }
double Statement::number(int column) const { return sqlite3_column_double(statement_, column); }
std::string Statement::text(int column) const { return std::string(view(column)); }
std::string_view Statement::view(int column) const {
  const void* data = sqlite3_column_blob(statement_, column);
  const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement_, column));
  return data ? std::string_view(static_cast<const char*>(data), size) : std::string_view();
}
std::optional<double> Statement::number_or_null(int column) const {
  return null(column) ? std::nullopt : std::optional(number(column));
}
std::optional<std::int64_t> Statement::integer_or_null(int column) const {
  return null(column) ? std::nullopt : std::optional(integer(column));
}

Database::Database(const std::string& path, Mode mode, int busy_ms) : path_(path) {
  int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
  flags |= mode == Mode::create ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE : SQLITE_OPEN_READWRITE;
  const int code = sqlite3_open_v2(path.c_str(), &db_, flags, nullptr);
  if (code != SQLITE_OK) {
    const StoreError error(kind_of_code(code), path + ": " + words_for(code, sqlite3_errstr(code)));
    sqlite3_close(db_);
    throw error;
  }
  sqlite3_busy_timeout(db_, busy_ms);
}

Database::~Database() {
  statements_.clear();
  sqlite3_close(db_);
}

void Database::raise(int code) { throw StoreError(kind_of_code(code), words_for(code, sqlite3_errmsg(db_))); }

void Database::execute(const std::string& sql) {
  hold_begins();
  const int code = sqlite3_exec(db_, sql.c_str(), nullptr, nullptr, nullptr);
  hold_may_end();
  if (code != SQLITE_OK) raise(code);
}

void Database::hold_begins() {
  if (std::exchange(holds_, true)) return;
  held_since_ = std::chrono::steady_clock::now();
}

void Database::hold_may_end() {
  if (!holds_ || sqlite3_txn_state(db_, "main") != SQLITE_TXN_NONE) return;
  holds_ = false;
  longest_hold_ = std::max(longest_hold_, std::chrono::steady_clock::now() - held_since_);
}

Statement& Database::statement(std::string_view sql) {
  auto found = statements_.find(sql);
  if (found == statements_.end()) found = statements_.emplace(std::string(sql), Statement(*this, sql)).first;
  return found->second;
}

std::int64_t Database::last_id() const { return sqlite3_last_insert_rowid(db_); }
std::int64_t Database::changed() const { return sqlite3_changes64(db_); }
bool Database::in_transaction() const { return sqlite3_get_autocommit(db_) == 0; }

Transaction::Transaction(Database& db) : db_(db) { db_.execute("BEGIN IMMEDIATE"); }

Transaction::~Transaction() {
  // A full disk may have rolled it back already.
  if (open_ && db_.in_transaction()) sqlite3_exec(db_.handle(), "ROLLBACK", nullptr, nullptr, nullptr);
}

void Transaction::commit() {
  db_.execute("COMMIT");
  open_ = false;
}

}  // namespace tactus::library
