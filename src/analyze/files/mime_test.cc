// SPDX-License-Identifier: Apache-2.0
#include "analyze/files/mime.h"

#include <gtest/gtest.h>

#include <string>

namespace quaywatch::analyze::files {
namespace {

using namespace std::string_literals;

std::string_view TypeOf(const std::string& text) { return DetectMimeType(base::AsBytes(text)); }

TEST(MimeType, Markup) {
  EXPECT_EQ(TypeOf("<!DOCTYPE html><html></html>"), "text/html");
  EXPECT_EQ(TypeOf("\r\n  <!-- a -- b --> <!-- c -->\n<HTML lang=en>"), "text/html");
  EXPECT_EQ(TypeOf("<head><title>x</title>"), "text/html");
  EXPECT_EQ(TypeOf("\xef\xbb\xbf<?xml version='1.0'?>\n<!DOCTYPE   html PUBLIC"), "text/html");
  EXPECT_EQ(TypeOf("<?xml version=\"1.0\" encoding=\"UTF-8\"?><root/>"), "application/xml");
  EXPECT_EQ(TypeOf("<?xml version=\"1.0\"?><rss version=\"2.0\"><channel>"), "text/rss");
  EXPECT_EQ(TypeOf("<rss version=\"2.0\" xmlns:atom=\"http://www.w3.org/2005/Atom\">"), "text/atom");
  EXPECT_EQ(TypeOf("<?xml version=\"1.0\"?><feed xmlns=\"http://www.w3.org/2005/Atom\">"), "text/atom");
  EXPECT_EQ(TypeOf("<?xml version=\"1.0\"?><SOAP-ENV:Envelope xmlns"), "application/soap+xml");
  EXPECT_EQ(TypeOf("<?xml version=\"1.0\"?>\n<cross-domain-policy>"), "text/x-cross-domain-policy");
  EXPECT_EQ(TypeOf("<?xml version=\"1.0\" standalone=\"no\"?>\n<svg width=\"1\">"), "image/svg+xml");
  EXPECT_EQ(TypeOf("<!-- never closed <html>"), "text/plain");
  EXPECT_EQ(TypeOf("<p>some paragraph</p>"), "text/plain");
}

TEST(MimeType, Json) {
  EXPECT_EQ(TypeOf("{\"a\": 1}"), "text/json");
  EXPECT_EQ(TypeOf("\xef\xbb\xbf { a_1 : [ "), "text/json");
  EXPECT_EQ(TypeOf("[1.5 , 2]"), "text/json");
  EXPECT_EQ(TypeOf("[{"), "text/json");
  EXPECT_EQ(TypeOf("{\"a\": null, \"b\": 2}"), "text/plain");
  EXPECT_EQ(TypeOf("[\"only one value\"]"), "text/plain");
  EXPECT_EQ(TypeOf("{\"\": 1}"), "");
}

TEST(MimeType, Scripts) {
  EXPECT_EQ(TypeOf("#!/bin/sh\necho"), "text/x-shellscript");
  EXPECT_EQ(TypeOf("#! /usr/bin/env  python3\nimport"), "text/x-python");
  EXPECT_EQ(TypeOf("#!/usr/local/very/long/bin/perl\n"), "text/plain");
  EXPECT_EQ(TypeOf("@ECHO  OFF\r\n"), "text/x-msdos-batch");
  EXPECT_EQ(TypeOf("(function() {var a"), "application/javascript");
  EXPECT_EQ(TypeOf("<script type=\"text/javascript\">"), "application/javascript");
  EXPECT_EQ(TypeOf("document.writeln('x')"), "application/javascript");
  EXPECT_EQ(TypeOf("prefix <?php echo 1"), "text/x-php");
}

TEST(MimeType, Binary) {
  EXPECT_EQ(TypeOf("\x89PNG\r\n\x1a\n"), "image/png");
  EXPECT_EQ(TypeOf("GIF89a"), "image/gif");
  EXPECT_EQ(TypeOf("\xff\xd8\xff\xe0"), "image/jpeg");
  EXPECT_EQ(TypeOf("\x1f\x8b\x08"), "application/x-gzip");
  EXPECT_EQ(TypeOf("MZ\x90"), "application/x-dosexec");
  EXPECT_EQ(TypeOf("%PDF-1.4"), "application/pdf");
  EXPECT_EQ(TypeOf("PK\x03\x04\x0a\x00"s), "application/zip");
  EXPECT_EQ(TypeOf("PK\x03\x04\x14\x00\x06\x00"s), "application/vnd.openxmlformats-officedocument");
  EXPECT_EQ(TypeOf("PK\x03\x04"s + std::string(26, 'x') + "[Content_Types].xml..." + "PK\x03\x04" +
                   std::string(26, 'y') + "word/document.xml"),
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document");
  EXPECT_EQ(TypeOf("PK\x03\x04"s + std::string(20, 'x') + "\x14\x00..META-INF/MANIFEST.MF"s),
            "application/java-archive");
  EXPECT_EQ(TypeOf("\xca\xfe\xba\xbe\x00\x00\x00\x32"s), "application/x-java-applet");
  EXPECT_EQ(TypeOf("\x7f"
                   "ELF\x02\x01\x01"s +
                   std::string(9, '\0') + "\x03\x00"s),
            "application/x-sharedlib");
  EXPECT_EQ(TypeOf("\x1a\x45\xdf\xa3....B\x82\x84webm"), "video/webm");
  EXPECT_EQ(TypeOf("\x00\x00\x00\x20"
                   "ftypisom"s),
            "video/mp4");
  EXPECT_EQ(
      TypeOf("0\x82\x02\x00\x0a\x01\x00\xa0\x82\x01\xf9\x30\x82\x01\xf5\x06\x09\x2b\x06\x01\x05\x05\x07\x30\x01\x01"s),
      "application/ocsp-response");
  EXPECT_EQ(
      TypeOf(std::string(100, 'n') + "0000644\0000001750\0000001750\00000000001234\00012345670123\000012345\0 0"s),
      "application/x-tar");
}

TEST(MimeType, PlainText) {
  EXPECT_EQ(TypeOf("ten bytes!"), "text/plain");
  EXPECT_EQ(TypeOf("nine byte"), "");
  EXPECT_EQ(TypeOf("\xef\xbb\xbften bytes!"), "text/plain");
  EXPECT_EQ(TypeOf("ten \x01 bytes!"), "");
  EXPECT_EQ(TypeOf(""), "");
}

TEST(MimeType, StrongestWins) {
  EXPECT_EQ(TypeOf("From: someone\r\n"), "message/rfc822");
  EXPECT_EQ(TypeOf("P5\n640  480"), "image/x-portable-greymap");
  EXPECT_EQ(TypeOf("\x00\x00\x01\xb3"s), "video/mpv");
}

}  // namespace
}  // namespace quaywatch::analyze::files
