// tests/install/consumer/main.cc
//
// Uses an installed library: a header of `base`, one of `hw`, and the catalog inside the library.

#include <cstdio>

#include "sn/base/result.h"
#include "sn/catalog/catalog_data.h"

int main() {
  std::printf("%s %zu\n", sn::nearest("al182", {"al128", "hgx-h200"}).c_str(),
              sn::catalog::embedded_catalog().size());
  return sn::catalog::embedded_catalog().empty() ? 1 : 0;
}
