// SQLite with its loose ends tied: connections and statements that close themselves, parameters that are bound and
// never pasted into text, and errors that say what a person can do about them.
//
// A Database and its Statements belong to one thread at a time. Everything here may block on the disk: never on the
// control or the audio thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

struct sqlite3;
struct sqlite3_stmt;

namespace tactus::library {

// What went wrong with the database, in a sentence for people.
class StoreError : public std::runtime_error {
 public:
  enum class Kind {
    busy,     // somebody else writes, or holds a lock: later it may work
    full,     // the disk, or what this user may fill of it: nothing was changed
    missing,  // there is no library there
    newer,    // it was made by a newer Tactus
    corrupt,  // it is damaged, or no library at all
    refused,  // what was asked for makes no sense for what is there
    other
  };
  StoreError(Kind kind, const std::string& what) : std::runtime_error(what), kind_(kind) {}
  Kind kind() const { return kind_; }

 private:
  Kind kind_;
};

// Bytes that need not be text: bound and read as a BLOB (paths, hashes, vectors).
struct Bytes {
  std::string_view bytes;
};

class Database;

class Statement {
 public:
  Statement(Database& db, std::string_view sql);
  Statement(Statement&& other) noexcept;
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;
  Statement& operator=(Statement&&) = delete;
  ~Statement();

  // Starts anew with these as ?1, ?2 …: integers, doubles, text, Bytes, nullptr, or an optional of one of them. Text
  // and Bytes are copied.
  template <class... Args>
  Statement& bind(const Args&... args) {
    reset();
    int i = 0;
    (bind_one(++i, args), ...);
    return *this;
  }
  // One parameter alone, from 1 on; after reset().
  template <class T>
  void bind_one(int i, const T& value) {
    if constexpr (std::is_same_v<T, std::nullptr_t>) {
      bind_null(i);
    } else if constexpr (std::is_integral_v<T>) {
      bind_integer(i, static_cast<std::int64_t>(value));
    } else if constexpr (std::is_floating_point_v<T>) {
      bind_number(i, static_cast<double>(value));
    } else if constexpr (std::is_same_v<T, Bytes>) {
      bind_bytes(i, value);
    } else if constexpr (std::is_convertible_v<const T&, std::string_view>) {
      bind_text(i, value);
    } else if (value) {
      bind_one(i, *value);
    } else {
      bind_null(i);
    }
  }

  bool step();  // to the next row; false: there is none
  void run();   // to the end, and reset
  void reset();
  // Calls `row` with this statement for each row, then resets it, whatever happens.
  template <class F>
  void each(F&& row) {
    const Reset at_end{*this};
    while (step()) row(*this);
  }

  // Of the row that step() stands on; columns from 0 on.
  bool null(int column) const;
  std::int64_t integer(int column) const;
  double number(int column) const;
  std::string text(int column) const;       // of a BLOB its bytes
  std::string_view view(int column) const;  // the same, until the next step
  std::optional<double> number_or_null(int column) const;
  std::optional<std::int64_t> integer_or_null(int column) const;

 private:
  struct Reset {
    Statement& statement;
    ~Reset() { statement.reset(); }
  };
  void bind_null(int i);
  void bind_integer(int i, std::int64_t value);
  void bind_number(int i, double value);
  void bind_text(int i, std::string_view value);
  void bind_bytes(int i, Bytes value);

  Database* db_;
  sqlite3_stmt* statement_ = nullptr;
};

class Database {
 public:
  enum class Mode { read, write, create };
  // Throws a StoreError, as everything here does. Waits up to `busy_ms` for other connections' locks.
  Database(const std::string& path, Mode mode, int busy_ms);
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;
  ~Database();

  // One or more statements without results.
  void execute(const std::string& sql);
  // A statement that is prepared once and kept; reset before use by bind().
  Statement& statement(std::string_view sql);
  template <class... Args>
  void run(std::string_view sql, const Args&... args) {
    statement(sql).bind(args...).run();
  }
  // The first column of the first row: an integer, 0 for NULL; nothing where there is no row.
  template <class... Args>
  std::optional<std::int64_t> integer(std::string_view sql, const Args&... args) {
    std::optional<std::int64_t> out;
    Statement& s = statement(sql).bind(args...);
    if (s.step()) out = s.integer(0);
    s.reset();
    return out;
  }
  template <class... Args>
  std::optional<std::string> text(std::string_view sql, const Args&... args) {
    std::optional<std::string> out;
    Statement& s = statement(sql).bind(args...);
    if (s.step()) out = s.text(0);
    s.reset();
    return out;
  }
  std::int64_t last_id() const;  // of the row inserted last
  std::int64_t changed() const;  // rows that the last INSERT, UPDATE or DELETE changed
  bool in_transaction() const;
  const std::string& path() const { return path_; }
  sqlite3* handle() const { return db_; }
  // Throws what the connection's last error code means.
  [[noreturn]] void raise(int code);

  // The longest time so far that this connection stood in one state of the database, which keeps the log from
  // shrinking; and from now on.
  std::chrono::nanoseconds longest_hold() const { return longest_hold_; }
  void forget_holds() { longest_hold_ = {}; }

 private:
  friend class Statement;
  // Around whatever may begin or end a transaction, be it of one statement.
  void hold_begins();
  void hold_may_end();

  std::string path_;
  sqlite3* db_ = nullptr;
  bool holds_ = false;
  std::chrono::steady_clock::time_point held_since_;
  std::chrono::nanoseconds longest_hold_{};
  std::map<std::string, Statement, std::less<>> statements_;
};

// Everything until commit() or nothing. Nothing more is begun within one.
class Transaction {
 public:
  explicit Transaction(Database& db);
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  ~Transaction();  // rolls back what wasn't committed
  void commit();

 private:
  Database& db_;
  bool open_ = true;
};

}  // namespace tactus::library
