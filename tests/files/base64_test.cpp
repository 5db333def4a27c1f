#include "files/base64.h"

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>

namespace evenkeel::files::base64_test {
namespace {

// The examples of RFC 4648.
TEST(Base64Test, AgreesWithTheStandardBothWays) {
  for (const auto& [bytes, text] : {std::pair<std::string, std::string>{"", ""},
                                    {"f", "Zg=="},
                                    {"fo", "Zm8="},
                                    {"foo", "Zm9v"},
                                    {"foob", "Zm9vYg=="},
                                    {"fooba", "Zm9vYmE="},
                                    {"foobar", "Zm9vYmFy"},
                                    {"\xfb\xff\xbf", "+/+/"}}) {
    EXPECT_EQ(base64(bytes), text);
    EXPECT_EQ(from_base64(text), bytes);
  }
  std::string all;
  for (int i = 0; i < 256; ++i) all += static_cast<char>(i);
  EXPECT_EQ(from_base64(base64(all)), all);
}

TEST(Base64Test, AnythingElseIsRefused) {
  for (const char* text :
       {"Z", "Zg", "Zg=", "Zg===", "Zh==", "Zm9v=", "Zm 9v", "Zm9v\n", "Zm9v<b>", "=", "===="})
    EXPECT_THROW(from_base64(text), std::runtime_error) << text;
}

}  // namespace
}  // namespace evenkeel::files::base64_test
