/* Spellings of the name of a pipe, for library and platform cases alike: what
 * stands before and behind NAME in place of `\\.\pipe\NAME`. */
#ifndef NPIPE_CONFORMANCE_SPELLINGS_H
#define NPIPE_CONFORMANCE_SPELLINGS_H

#include <stddef.h>

struct spelling {
  const char *before;
  const char *after;
};

/* Spellings of the name `\\.\pipe\NAME`. */
static const struct spelling spellings[] = {
    {"\\\\.\\pipe\\", ""},
    {"\\\\?\\pipe\\", ""},
    {"\\\\?\\PiPe\\", ""},
    {"\\??\\pipe\\", ""},
    {"//./pipe/", ""},
    {"//?/pipe/", ""},
    {"\\\\.\\pipe/", ""},
    {"/\\.\\PIPE/", ""},
    {"\\\\?/pipe\\", ""},
    {"\\\\.\\pipe\\\\", ""},
    {"\\\\.\\\\pipe//", ""},
    {"\\\\.\\pipe\\.\\", ""},
    {"\\\\.\\pipe\\a/../", ""},
    {"\\\\.\\pipe\\..\\pipe\\", ""},
    {"\\\\.\\x\\y\\..\\..\\pipe\\", ""},
    {"\\\\.\\pipe\\", "."},
    {"\\\\.\\pipe\\", " . "},
    {"\\\\.\\pipe\\", "/."},
    {"\\\\.\\pipe\\", "\\x\\.."},
    {"\\\\.\\Global\\pipe\\", ""},
    {"\\\\?\\GLOBAL\\pipe\\", ""},
    {"\\\\?\\GLOBALROOT\\Device\\NamedPipe\\", ""},
};

/* Spellings that name a pipe other than `\\.\pipe\NAME`. */
static const struct spelling others[] = {
    {"\\\\.\\pipe\\", "\\"},      {"\\\\.\\pipe\\LOCAL\\", ""},
    {"\\\\?\\pipe\\", "."},       {"\\\\?\\pipe\\", " "},
    {"\\\\?\\pipe\\.\\", ""},     {"\\\\?\\pipe\\x\\..\\", ""},
    {"\\\\?\\pipe\\x/../", ""},   {"\\\\.\\pipe\\.", ""},
    {"\\\\.\\pipe\\...\\", ""},   {"\\\\.\\pipe\\pipe\\", ""},
    {"\\\\.\\pipe\\Global\\", ""}};

/* Spellings that name no pipe, because Windows removes the prefix of pipes, or
 * the whole part behind the prefix. */
static const struct spelling elsewhere[] = {
    {"\\\\.\\pipe\\..\\", ""},     {"//./pipe/../", ""},
    {"\\\\.\\x\\pipe\\..\\", ""},  {"\\\\.\\pipe\\", "\\.."},
    {"\\\\.\\pipe\\", "/../../"},  {"\\\\?\\pipe/", ""},
    {"\\\\?\\\\pipe\\", ""},       {"\\\\?\\.\\pipe\\", ""},
    {"\\\\.\\pipe\\..\\C:\\", ""}, {"\\\\.\\Global\\", ""}};

#define SPELLINGS_COUNT (sizeof spellings / sizeof spellings[0])
#define OTHERS_COUNT    (sizeof others / sizeof others[0])
#define ELSEWHERE_COUNT (sizeof elsewhere / sizeof elsewhere[0])

#endif
