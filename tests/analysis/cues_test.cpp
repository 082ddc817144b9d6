// Stored cues: read back, changed one by one, and never lost to a file that can't be understood.
#include "analysis/cues.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "support/temp_folder.h"

namespace tactus::analysis {
namespace {

TEST(CueStore, CuesAreReadBackChangedAndTakenAway) {
  const test::TempFolder folder;
  const CueStore store(folder / "cues");
  EXPECT_EQ(store.find("abc").cues, Cues{});
  ASSERT_TRUE(store.change("abc", {{0, 0.1 + 0.2}, {1, 63.5}, {16, 0.0}}).ok());
  Cues cues;
  cues.cue = 0.1 + 0.2;
  cues.hotcues[0] = 63.5;
  cues.hotcues[15] = 0;
  EXPECT_EQ(store.find("abc").cues, cues) << "to the last bit";
  ASSERT_TRUE(CueStore(folder / "cues").change("abc", {{2, 9.0}, {1, std::nullopt}}).ok());
  cues.hotcues[0].reset();
  cues.hotcues[1] = 9;
  EXPECT_EQ(store.find("abc").cues, cues) << "what another engine set meanwhile stays";
  EXPECT_EQ(store.find("other").cues, Cues{});
  ASSERT_TRUE(store.change("abc", {{0, std::nullopt}, {2, std::nullopt}, {16, std::nullopt}}).ok());
  EXPECT_TRUE(std::filesystem::is_empty(folder / "cues"));
  EXPECT_TRUE(store.change("abc", {{2, std::nullopt}}).ok()) << "none to take away";
}

TEST(CueStore, WhatCantBeUnderstoodIsToldAndPutAside) {
  const test::TempFolder folder;
  const CueStore store(folder.path());
  const char* texts[] = {"",
                         "{}",
                         "{\"tactus_cues\":2,\"cue\":1}",
                         "{\"tactus_cues\":1,\"cue\":-1}",
                         "{\"tactus_cues\":1,\"cue\":1e300}",
                         "{\"tactus_cues\":1,\"hotcues\":7}",
                         "{\"tactus_cues\":1,\"hotcues\":[{\"number\":0,\"seconds\":1}]}",
                         "{\"tactus_cues\":1,\"hotcues\":[{\"number\":17,\"seconds\":1}]}",
                         "{\"tactus_cues\":1,\"hotcues\":[{\"number\":1}]}",
                         "{\"tactus_cues\":1,\"cue\":12.5"};
  int n = 0;
  for (const char* text : texts) {
    std::ofstream(folder / "abc.json") << text;
    const CueStore::Found found = store.find("abc");
    EXPECT_EQ(found.cues, Cues{}) << text;
    EXPECT_NE(found.trouble, "") << text;
    std::string aside;
    ASSERT_TRUE(store.change("abc", {{1, 2.0}}, &aside).ok());
    EXPECT_EQ(store.find("abc").cues.hotcues[0], 2.0);
    ++n;
    EXPECT_EQ(aside, (folder / "abc.json") + (n == 1 ? ".damaged" : ".damaged-" + std::to_string(n)));
    std::string kept;
    std::getline(std::ifstream(aside), kept);
    EXPECT_EQ(kept, text) << "nothing of it is lost";
  }
}

TEST(CueStore, AFolderThatCantBeWrittenToIsAnError) {
  const test::TempFolder folder;
  std::ofstream(folder / "file") << "x";
  EXPECT_FALSE(CueStore(folder / "file").change("abc", {{1, 2.0}}).ok());
  EXPECT_EQ(CueStore(folder / "file").find("abc").trouble, "");
}

TEST(CueStore, AWorkersAnswerIsReadBack) {
  StoredCues stored{"0123", {}, "a \"file\"\nis damaged"};
  stored.cues.cue = 1.5;
  stored.cues.hotcues[7] = 3;
  const auto read = parse_stored_cues(to_json(stored));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->content, stored.content);
  EXPECT_EQ(read->cues, stored.cues);
  EXPECT_EQ(read->trouble, stored.trouble);
  EXPECT_FALSE(parse_stored_cues("{\"content\":1}"));
}

}  // namespace
}  // namespace tactus::analysis
