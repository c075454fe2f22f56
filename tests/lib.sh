# Shell code common to captures/try, tests/run and the check scripts. Sourced, not run.
# shellcheck shell=bash disable=SC2034  # what is set here is used there

SOURCE_DIR=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
BUILD_DIR=${D2DSEC_BUILD_DIR:-$SOURCE_DIR/build}
JOBS=${D2DSEC_JOBS:-$(nproc)}
INSTALL=yes         # no: packages are the caller's matter

# Debian package names, the same from bookworm to sid.
BUILD_PACKAGES=(cmake ninja-build gcc libc6-dev pkg-config
                wireshark-dev libglib2.0-dev libssl-dev tshark)
TEST_PACKAGES=(libjson-glib-dev libsrtp2-dev
               python3-pytest python3-scapy python3-cryptography python3-jsonschema
               clang libclang-rt-dev      # libFuzzer
               wireshark xvfb openbox xdotool xclip   # the window
               valgrind cppcheck clang-tidy shellcheck
               dpkg-dev file)
if [[ $(uname -m) == x86_64 ]]; then    # the only processors that it is for
    BUILD_PACKAGES+=(libipsec-mb-dev)
fi

HEARTBEAT=
STAGE=
umask 022           # what is built or staged here, others may have to read

cleanup() {
    if [[ -n $HEARTBEAT ]]; then kill "$HEARTBEAT" 2>/dev/null || true; fi
    if [[ -n $STAGE ]]; then rm -rf "$STAGE" 2>/dev/null || as_root rm -rf "$STAGE"; fi
}
trap cleanup EXIT

say() { printf '%s\n' "$*"; }

# die MESSAGE [WHAT TO DO]
die() {
    printf '\nFAILED: %s\n' "$1" >&2
    if [[ $# -gt 1 ]]; then printf 'What to do: %s\n' "$2" >&2; fi
    exit 1
}

# Every ten seconds: how long the step has been running, and its last line.
heartbeat() {
    local log=$1 since=$SECONDS
    while sleep 10 >/dev/null 2>&1; do
        printf '   %3d s  %.100s\n' $((SECONDS - since)) \
            "$(tail -n 1 "$log" 2>/dev/null | tr -d '\r')"
    done
}

# step NAME TITLE ADVICE COMMAND...: output goes to BUILD_DIR/steps/NAME.log.
step() {
    local log=$BUILD_DIR/steps/$1.log title=$2 advice=$3 since=$SECONDS status=0
    shift 3
    if ! { mkdir -p "${log%/*}" && : >"$log"; } 2>/dev/null; then
        die "cannot write to $BUILD_DIR" \
            "another user may have built there; remove it, or name another in D2DSEC_BUILD_DIR."
    fi
    say "== $title"
    heartbeat "$log" &
    HEARTBEAT=$!
    "$@" >"$log" 2>&1 </dev/null || status=$?
    kill "$HEARTBEAT" 2>/dev/null || true
    wait "$HEARTBEAT" 2>/dev/null || true
    HEARTBEAT=
    if [[ $status -ne 0 ]]; then
        say "   last lines of $log:" >&2
        tail -n 40 "$log" >&2
        die "$title (exit status $status)" "$advice"
    fi
    say "   done in $((SECONDS - since)) s"
}

# --- Packages ---------------------------------------------------------------------------------------

as_root() {
    if [[ $(id -u) -eq 0 ]]; then "$@"; else sudo "$@"; fi
}

# A password, if sudo wants one, is asked for here and not in the middle of a step.
need_root() {
    if [[ $(id -u) -eq 0 ]]; then return; fi
    command -v sudo >/dev/null ||
        die "$1 needs root, and there is no sudo" "as root: $2"
    sudo -n true 2>/dev/null || sudo -v ||
        die "$1 needs root, and sudo refused" "as root: $2"
}

missing_packages() {
    local package status
    for package; do
        # shellcheck disable=SC2016  # the format is dpkg-query's own
        status=$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null) || status=
        if [[ $status != installed ]]; then say "$package"; fi
    done
}

apt_get() {
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y \
        -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 "$@"
}

install_packages() {
    local missing   # not read from <(...): that needs /proc, which a bare chroot has not
    if [[ $INSTALL != yes ]]; then return; fi
    if ! command -v apt-get >/dev/null; then
        say "== No apt here; these Debian packages, or what your system calls them, must be there:"
        say "   $*"
        return
    fi
    missing=$(missing_packages "$@")
    if [[ -z $missing ]]; then return; fi
    mapfile -t missing <<<"$missing"
    local by_hand="apt-get update && apt-get install --no-install-recommends ${missing[*]}"
    need_root "installing packages (${missing[*]})" "$by_hand"
    step apt-update "Update the package lists" \
        "check the network and the package sources in /etc/apt." \
        apt_get update
    step apt-install "Install ${#missing[@]} packages: ${missing[*]}" \
        "check the network and the package sources in /etc/apt; by hand, as root: $by_hand" \
        apt_get install --no-install-recommends "${missing[@]}"
}

# --- Build ------------------------------------------------------------------------------------------

# configure CMAKE-OPTIONS...
configure() {
    local generator=()
    if [[ ! -e $BUILD_DIR/CMakeCache.txt ]]; then generator=(-G Ninja); fi
    step configure "Configure in $BUILD_DIR" \
        "if the build directory comes from another place or an older system: rm -r '$BUILD_DIR', and run this again." \
        cmake -S "$SOURCE_DIR" -B "$BUILD_DIR" "${generator[@]}" "$@"
}

# build TARGET
build() {
    step build "Build" \
        "see the first error in $BUILD_DIR/steps/build.log. After an update of Wireshark: rm -r '$BUILD_DIR', and run this again." \
        cmake --build "$BUILD_DIR" --parallel "$JOBS" --target "$1"
}

# --- The plugin, loaded -----------------------------------------------------------------------------

# Two traps of Wireshark's are dealt with here. It ignores WIRESHARK_PLUGIN_DIR and the personal folder when the uid or
# the gid is 0; so it then runs as nobody, who may not be able to read the build directory. And WIRESHARK_PLUGIN_DIR
# takes the place of the global folder, codecs and all; so the stock plugins are linked in beside ours.
# Sets STAGE, a directory that the processes below can read, and others cannot: captures and keys may go there.
stage_plugin() {
    local ours version stock entry
    command -v tshark >/dev/null || die "there is no tshark" "install the package tshark."
    version=$(tshark --version 2>/dev/null |
              sed -n '1s/^[^0-9]*\([0-9]\{1,\}\.[0-9]\{1,\}\).*/\1/p')
    ours=$BUILD_DIR/plugins/$version/epan/d2dsec.so
    [[ -e $ours ]] ||
        die "tshark is of the $version line, and there is no $ours" \
            "build against the Wireshark that tshark comes from: rm -r '$BUILD_DIR', and run this again."
    stock=$(env -u WIRESHARK_PLUGIN_DIR tshark -G folders 2>/dev/null |
            sed -n 's/^Global Plugins:[[:space:]]*//p')

    STAGE=$(mktemp -d -t d2dsec.XXXXXX)
    mkdir -p "$STAGE/home" "$STAGE/stock/$version/epan"
    for entry in "$stock"/*/*.so; do
        if [[ ! -e $entry || $entry == */d2dsec.so ]]; then continue; fi
        mkdir -p "$STAGE/stock/$version/$(basename "${entry%/*}")"
        ln -s "$entry" "$STAGE/stock/$version/$(basename "${entry%/*}")/"
    done
    cp -R "$STAGE/stock" "$STAGE/plugins"

    AS=()
    if [[ $(id -u) -eq 0 || $(id -g) -eq 0 ]]; then
        if [[ $(id -u) -ne 0 ]]; then
            need_root "running tshark with another group than root" "run this as an ordinary user."
            AS=(sudo)
        fi
        AS+=(setpriv --reuid=65534 --regid=65534 --clear-groups)
        as_root chown 65534:65534 "$STAGE/home"
        as_root chgrp 65534 "$STAGE"
        chmod 750 "$STAGE"
        "${AS[@]}" test -x "$STAGE/plugins" ||
            die "cannot run tshark as nobody (uid 65534), and as root it ignores plugins outside its own folder" \
                "run this as an ordinary user; or install the plugin: cmake --install '$BUILD_DIR'."
    fi
    AS+=(env -u WIRESHARK_CONFIG_DIR -u WIRESHARK_DATA_DIR -u XDG_CONFIG_HOME "HOME=$STAGE/home")

    ln -s "$(readable "$ours")" "$STAGE/plugins/$version/epan/d2dsec.so"
    with_plugin tshark -G plugins >"$STAGE/loaded" 2>&1 || true
    if ! grep -q '^d2dsec\.so' "$STAGE/loaded"; then
        grep -i d2dsec "$STAGE/loaded" >&2 || true
        die "tshark does not load $ours" \
            "was it built against another Wireshark? rm -r '$BUILD_DIR', and run this again. Is /tmp mounted noexec? Install the plugin: cmake --install '$BUILD_DIR'."
    fi
}

# The stock program, with the plugin and without, whether or not it is installed; nothing of the person's own preferences.
with_plugin()    { "${AS[@]}" "WIRESHARK_PLUGIN_DIR=$STAGE/plugins" "$@"; }
without_plugin() { "${AS[@]}" "WIRESHARK_PLUGIN_DIR=$STAGE/stock" "$@"; }

# readable FILE: prints a path to it that the process above can read.
readable() {
    local path
    path=$(realpath -e "$1" 2>/dev/null) || die "no such file: $1"
    if ! "${AS[@]}" test -r "$path"; then
        local copy
        copy=$(mktemp -d "$STAGE/XXXXXX")
        chmod 755 "$copy"
        install -m 644 "$path" "$copy/"
        path=$copy/${path##*/}
    fi
    say "$path"
}

# --- Other root filesystems -------------------------------------------------------------------------

roots_dir() { say "${D2DSEC_ROOTS:-${XDG_CACHE_HOME:-$HOME/.cache}/d2dsec/roots}"; }

# in_root ROOT COMMAND...: with /proc where the machine lets us mount it; that mount ends with the command.
in_root() {
    local root=$1
    shift
    local enter=(env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 CI="${CI:-}" chroot "$root" "$@")
    if unshare --mount true 2>/dev/null; then
        # shellcheck disable=SC2016  # expanded by the inner shell
        unshare --mount sh -c 'mount -t proc proc "$0/proc" 2>/dev/null; exec "$@"' "$root" "${enter[@]}"
    else
        "${enter[@]}"
    fi
}
