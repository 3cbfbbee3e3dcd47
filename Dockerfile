# The simulator alone, as one static program without root's rights, for the tests
# of modules in CI. It is not published.
#
#   docker build --tag webex-cc-simulator .
#   docker run --rm --publish 127.0.0.1:8080:8080 webex-cc-simulator
FROM rust:1.95.0-alpine AS build
RUN apk add --no-cache musl-dev
# The image has the toolchain; its name is another one than that in rust-toolchain.toml.
ENV RUSTUP_TOOLCHAIN=1.95.0
WORKDIR /source
COPY . .
RUN cargo build --release --locked --package webex-cc-simulator

FROM scratch
COPY --from=build /source/target/release/webex-cc-simulator /webex-cc-simulator
COPY LICENSE /LICENSE
USER 65534:65534
EXPOSE 8080
ENTRYPOINT ["/webex-cc-simulator"]
# Nothing is written: the connectors are in memory.
CMD ["--listen", "0.0.0.0:8080"]
