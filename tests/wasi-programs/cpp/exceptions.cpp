// What C++ programs do with exceptions: they unwind through destructors, are caught by class, by base and by anything, thrown on, thrown in
// constructors, kept and thrown later; and one meets a function that none may leave.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <new>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

struct Guard {
  const char *name;
  explicit Guard(const char *name) : name(name) { std::printf("enter %s\n", name); }
  ~Guard() { std::printf("leave %s%s\n", name, std::uncaught_exceptions() ? ", unwinding" : ""); }
};

struct ParseError : std::runtime_error {
  std::size_t at;
  ParseError(const std::string &what, std::size_t at) : std::runtime_error(what), at(at) {}
};
struct Overflow : ParseError {
  using ParseError::ParseError;
};

// expression = term (("+" | "-") term)*, term = factor (("*" | "/") factor)*, factor = number | "(" expression ")"
class Parser {
  const std::string &text;
  std::size_t at = 0;

  char peek() const { return at < text.size() ? text[at] : '\0'; }

  long long factor() {
    if (peek() == '(') {
      at++;
      long long value = expression();
      if (peek() != ')') throw ParseError("no )", at);
      at++;
      return value;
    }
    if (peek() < '0' || peek() > '9') throw ParseError("no number", at);
    long long value = 0;
    for (; peek() >= '0' && peek() <= '9'; at++)
      if (__builtin_mul_overflow(value, 10LL, &value) || __builtin_add_overflow(value, static_cast<long long>(peek() - '0'), &value))
        throw Overflow("too large", at);
    return value;
  }
  long long term() {
    long long value = factor();
    while (peek() == '*' || peek() == '/') {
      bool times = text[at++] == '*';
      std::size_t where = at;
      long long by = factor();
      if (!times && by == 0) throw std::domain_error("division by zero at " + std::to_string(where));
      if (times ? __builtin_mul_overflow(value, by, &value) : (value /= by, false)) throw Overflow("too large", where);
    }
    return value;
  }

 public:
  explicit Parser(const std::string &text) : text(text) {}
  long long expression() {
    long long value = term();
    while (peek() == '+' || peek() == '-') value = text[at++] == '+' ? value + term() : value - term();
    return value;
  }
  long long whole() {
    long long value = expression();
    if (at != text.size()) throw ParseError("more than an expression", at);
    return value;
  }
};

void evaluate(const std::string &text) {
  try {
    std::printf("%s = %lld\n", text.c_str(), Parser(text).whole());
  } catch (const Overflow &error) {
    std::printf("%s: overflow at %zu\n", text.c_str(), error.at);
  } catch (const ParseError &error) {
    std::printf("%s: %s at %zu\n", text.c_str(), error.what(), error.at);
  } catch (const std::exception &error) {
    std::printf("%s: %s\n", text.c_str(), error.what());
  }
}

void deep(int depth) {
  std::vector<std::string> held(3, std::string(40, static_cast<char>('a' + depth % 26)));
  if (depth == 0) throw 42;
  deep(depth - 1);
  std::printf("never here: %zu\n", held.size());
}

// A member is made, the next one throws: the first is destroyed, and the object's own destructor does not run.
struct Half {
  Guard first{"first member"};
  std::unique_ptr<int> second;
  Half() : second(make()) {}
  ~Half() { std::puts("never here"); }
  static std::unique_ptr<int> make() { throw std::logic_error("second member"); }
};

struct Base {
  virtual ~Base() = default;
  virtual const char *name() const { return "base"; }
};
struct Left : virtual Base {};
struct Right : virtual Base {};
struct Both : Left, Right {
  const char *name() const override { return "both"; }
};

void rethrow_outwards() {
  try {
    Guard guard("inner");
    throw ParseError("from within", 7);
  } catch (ParseError &error) {
    error.at++;
    throw;
  }
}

int in_order(const std::function<void()> &action) {
  try {
    action();
    return 0;
  } catch (const char *text) {
    return static_cast<int>(std::strlen(text));
  } catch (int number) {
    return number;
  } catch (...) {
    return -1;
  }
}

std::exception_ptr kept() {
  try {
    return std::map<std::string, int>().at("missing") ? nullptr : nullptr;
  } catch (...) {
    return std::current_exception();
  }
  return nullptr;
}

// Pure work: each second call throws.
unsigned throw_often(unsigned count) {
  unsigned sum = 0;
  for (unsigned i = 0; i < count; i++) {
    try {
      if (i & 1) throw i;
      sum += 3;
    } catch (unsigned number) {
      sum = sum * 31 + number;
    }
  }
  return sum;
}

}  // namespace

int main(int argc, char **argv) {
  for (const char *text : {"1+2*3", "(1+2)*3", "8/(4-2*2)", "2*(3+4", "7+x", "99999999999999999999", "99999999999*99999999999", "1 2"}) evaluate(text);

  try {
    deep(200);
  } catch (int number) {
    std::printf("caught %d from 200 calls\n", number);
  }

  try {
    Half half;
  } catch (const std::logic_error &error) {
    std::printf("caught %s\n", error.what());
  }

  try {
    throw Both();
  } catch (const Base &base) {
    std::printf("caught %s by its base\n", base.name());
  }

  try {
    Guard guard("outer");
    rethrow_outwards();
  } catch (const std::runtime_error &error) {
    std::printf("caught %s, %zu\n", error.what(), dynamic_cast<const ParseError &>(error).at);
  }

  std::printf("%d %d %d %d\n", in_order([] {}), in_order([] { throw "four"; }), in_order([] { throw 9; }), in_order([] { throw 1.5; }));

  std::exception_ptr later = kept();
  try {
    std::rethrow_exception(later);
  } catch (const std::out_of_range &) {
    std::puts("caught later");
  }

  try {
    std::vector<int> many;
    many.reserve(many.max_size() + std::size_t(1));
  } catch (const std::length_error &) {
    std::puts("too many");
  }

  std::printf("%u\n", throw_often(100000));

  if (argc > 1 && std::strcmp(argv[1], "terminate") == 0) {
    std::set_terminate([] {
      std::puts("terminate");
      std::fflush(stdout);
      std::_Exit(3);
    });
    Guard guard("never left");
    // Nothing may leave this one.
    [argc]() noexcept { throw argc; }();
  }
  if (argc > 1 && std::strcmp(argv[1], "exit") == 0) {
    Guard guard("never left either");
    std::exit(4);
  }
  return 0;
}
