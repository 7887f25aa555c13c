# The sessions' password: a file of its own beside the configuration, which includes it.
# A part of router.sh.
#
# Each password has a file with a generation in its name, so that one rename of the configuration
# switches both at once, and the old one is there until the new one is confirmed. The password is only ever
# in standard input, in a variable of this shell and in the file: on no command line, in no message.

# As the configuration names it before it is delivered (components/bird/bird_config.py)
PASSWORD=/etc/bird/calico-peering.password

password() {
    # Without its line's end it was cut off on its way.
    IFS= read -r word || fail "the password did not come to its end on standard input"
    case $word in
    '' | *[!\ -~]* | *'"'*) fail "the password has to be of printable ASCII characters without a double quote" ;;
    esac
    [ ${#word} -le 80 ] || fail "the password has ${#word} characters; 80 is the most"
    # Where the configuration is not in a folder of its own, as on RHEL.
    [ -d "${PASSWORD%/*}" ] || { : >"$FOLDER/made-folder"; mkdir -m 0755 "${PASSWORD%/*}"; }
    text="define PASSWORD = \"$word\";"
    for file in "$PASSWORD".*; do
        # The same again, after a run that was cut off: nothing to deliver.
        [ -f "$file" ] && [ "$(cat "$file")" = "$text" ] || continue
        touch "$file"
        readable_by_bird "$file"
        echo "${file##*.}"
        return
    done
    generation=$(now)
    while [ -e "$PASSWORD.$generation" ]; do generation=$((generation + 1)); done
    new=${PASSWORD%/*}/.calico-peering.password
    trap 'rm -f "$new"' EXIT
    rm -f "$new"
    # By cat, which says why when it cannot write.
    (umask 077 && printf '%s\n' "$text" | cat >"$new" && sync "$new") ||
        fail "the password could not be written to ${PASSWORD%/*}; the old one is still in use"
    readable_by_bird "$new"
    mv -f "$new" "$PASSWORD.$generation"
    echo "$generation"
}

readable_by_bird() { # FILE: the daemon runs as user bird and has only to read it
    chown "root:$(getent group bird >/dev/null && echo bird || echo root)" "$1"
    chmod 0640 "$1"
}

newest_password() { # the generation of the newest password's file; nothing where there is none
    for file in "$PASSWORD".*; do [ ! -f "$file" ] || echo "${file##*.}"; done | grep -x '[0-9]*' | sort -n | tail -n 1
}

clear_passwords() { # FILE: those that no configuration names, and that are older than FILE
    for old in "$PASSWORD".*; do
        [ -f "$old" ] && [ "$old" != "$PASSWORD.${generation:-}" ] || continue
        # One that waits for its delivery is newer.
        [ ! -e "$1" ] || [ "$old" -ot "$1" ] || continue
        grep -q -s -F "\"$old\"" "$home/bird.conf" "$home/bird6.conf" "$FOLDER"/unfinished*/*.conf ||
            { rm -f "$old"; let_go "$old"; }
    done
}

forget_passwords() {
    places
    clear_passwords /nothing
    [ ! -e "$FOLDER/made-folder" ] || { rmdir "${PASSWORD%/*}" 2>/dev/null || :; rm -f "$FOLDER/made-folder"; }
}
