# Sourced by the other scripts: finds a Python and makes the environment `.venv` from a lock file.
# The caller stands in the project's root folder.

find_python() {
    # The first Python that really runs (a shim may exist and fail), is recent enough and has venv.
    # 3.12 and 3.11 come first because LevelDB's Python binding has ready wheels for them.
    local candidate
    for candidate in ${PYTHON:-} python3.12 python3.11 python3 python3.13 python3.14 \
        /usr/bin/python3.12 /usr/bin/python3.11 /usr/bin/python3; do
        if "$candidate" -c 'import sys, ensurepip, venv; sys.exit(sys.version_info < (3, 11))' \
            >/dev/null 2>&1; then
            command -v "$candidate"
            return 0
        fi
    done
    echo "quorate: no working Python 3.11 or newer with venv and pip was found." >&2
    echo "  Install one (Debian: apt-get install python3 python3-venv) or name it: PYTHON=/path/to/python3.11" >&2
    return 1
}

say() { echo "quorate: $*" >&2; }

tell_progress() { # reads pip's lines, shows one moving line on a terminal, a line per stage elsewhere
    local line name count=0
    while IFS= read -r line; do
        case $line in
        Collecting*)
            count=$((count + 1))
            name=${line#Collecting }
            name=${name%% *}
            if [ -t 2 ]; then
                printf '\r\033[Kquorate: package %d: %s' "$count" "$name" >&2
            elif [ $((count % 20)) -eq 1 ]; then
                say "package $count: $name ..."
            fi
            ;;
        Installing\ collected*)
            [ -t 2 ] && printf '\r\033[K' >&2
            [ "$count" -gt 0 ] && say "installing $count packages ..."
            count=0
            ;;
        esac
    done
}

explain_failed_install() { # explain_failed_install LOG PYTHON
    tail -n 25 "$1" >&2
    say "the packages could not be installed; the lines above are pip's last words."
    if ! "$2" -c 'import sys; sys.exit(sys.version_info >= (3, 13))'; then
        say "plyvel (LevelDB) has ready wheels for Python 3.11 and 3.12 on Linux x86-64 only."
        say "On this Python it is built from source: apt-get install libleveldb-dev g++ python3-dev,"
        say "or run with PYTHON=python3.12."
    fi
}

lock_stamp() { # what the environment must have been made from
    { cat "$1" && grep '^quorate = ' pyproject.toml; } | sha256sum | cut -d' ' -f1
}

make_environment() { # make_environment LOCK: `.venv` from the lock; milliseconds when it is there
    local lock=$1 stamp_file=.venv/.made-from wanted made
    made=$(cat "$stamp_file" 2>/dev/null || true)
    # The development environment holds all that the run-time one does: never go back from it.
    case $made in requirements-dev.lock*) lock=requirements-dev.lock ;; esac
    wanted="$lock $(lock_stamp "$lock")"
    [ "$made" = "$wanted" ] && return 0
    (
        flock 9 # two scripts started at once: the second one waits and finds it made
        [ "$(cat "$stamp_file" 2>/dev/null || true)" = "$wanted" ] ||
            build_environment "$lock" "$wanted"
    ) 9>.venv.lock
}

build_environment() { # build_environment LOCK STAMP
    local lock=$1 python started=$SECONDS log
    python=$(find_python)
    # What was never finished may stand on a Python that cannot finish it: begin again.
    if [ ! -e .venv/.made-from ] || ! .venv/bin/python -c 'import pip' >/dev/null 2>&1; then
        say "making .venv with $("$python" --version) ($python)"
        rm -rf .venv
        "$python" -m venv .venv
    fi
    rm -f .venv/.made-from
    say "installing the packages of $lock (once; about a minute on a common line)"
    log=.venv/install.log
    if ! { .venv/bin/python -m pip install --disable-pip-version-check --no-input \
        --require-hashes -r "$lock" &&
        .venv/bin/python -m pip install --disable-pip-version-check --no-input \
            --no-deps --no-build-isolation --no-index --editable .; } 2>&1 |
        tee "$log" | tell_progress; then
        explain_failed_install "$log" .venv/bin/python
        return 1
    fi
    echo "$2" >.venv/.made-from
    say "the environment is ready after $((SECONDS - started)) s"
}

have_tool() { # have_tool NAME: on PATH or in .cache/bin
    command -v "$1" >/dev/null 2>&1 || [ -x ".cache/bin/$1" ]
}

fetch_prometheus() { # `prometheus` and `promtool`, from Debian's package but without its service
    have_tool prometheus && have_tool promtool && return 0
    { command -v apt-get && command -v dpkg-deb; } >/dev/null 2>&1 || return 1
    say "fetching Debian's package 'prometheus' (20 MB; unpacked into .cache, nothing is installed)"
    local folder status=0
    folder=$(mktemp -d)
    chmod 755 "$folder"
    (
        cd "$folder"
        apt-get download prometheus >apt.log 2>&1 ||
            { apt-get update && apt-get download prometheus; } >apt.log 2>&1 ||
            { tail -n 3 apt.log >&2 && false; }
    ) && dpkg-deb -x "$folder"/prometheus_*.deb "$folder/root" &&
        install -D -m 755 -t .cache/bin "$folder/root/usr/bin/prometheus" \
            "$folder/root/usr/bin/promtool" &&
        .cache/bin/prometheus --version >/dev/null 2>&1 &&
        .cache/bin/promtool --version >/dev/null 2>&1 || status=1
    rm -rf "$folder"
    return $status
}

fetch_chromium() { # `chromium` on PATH, from Debian's package; that takes root, for it has many parts
    command -v chromium >/dev/null 2>&1 && return 0
    command -v apt-get >/dev/null 2>&1 && [ "$(id -u)" = 0 ] || return 1
    say "installing Debian's package 'chromium' (some 300 MB with all it needs) for tests of the pages"
    local log
    log=$(mktemp)
    { DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends chromium ||
        { apt-get update && DEBIAN_FRONTEND=noninteractive \
            apt-get install -y --no-install-recommends chromium; }; } >"$log" 2>&1 ||
        tail -n 3 "$log" >&2
    rm -f "$log"
    command -v chromium >/dev/null 2>&1
}
