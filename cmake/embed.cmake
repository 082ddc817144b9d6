# cmake -D IN=file -D OUT=file.cpp -D NAME=kName -D NAMESPACE=a::b -P embed.cmake: the bytes of a file as an array in C++.
file(READ ${IN} bytes HEX)
string(LENGTH "${bytes}" digits)
math(EXPR count "${digits} / 2")
string(REGEX REPLACE "(..)" "0x\\1," bytes "${bytes}")
file(WRITE ${OUT} "#include <cstddef>
namespace ${NAMESPACE} {
extern const unsigned char ${NAME}[];
extern const std::size_t ${NAME}Count;
extern const unsigned char ${NAME}[] = {${bytes}};
extern const std::size_t ${NAME}Count = ${count};
}
")
