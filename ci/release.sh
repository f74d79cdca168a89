#!/usr/bin/env bash
# Checks a system in a CI job. Outside of pull requests, it also builds, signs,
# pushes and verifies the image. The services in ci call it. Its inputs are
# environment variables, so that no input becomes a part of a command:
#
#   SW_SYSTEM         os.yml files, separated by spaces or line ends
#   SW_REFERENCE      where the image is pushed: REGISTRY/REPOSITORY:TAG; "" pushes nothing
#   SW_POLICY         policy, "" for the default one
#   SW_FORMAT         image formats, "" for the default one
#   SW_FLAGS          further flags of check and build, separated by spaces or line ends
#   SW_KEY            private key, a file or NAME://KEY; or COSIGN_PRIVATE_KEY, its content
#   SW_PUBLIC_KEY     public key, a file
#   SW_SIGNING_CONFIG, SW_TRUSTED_ROOT   files of Sigstore, to sign without a key
#   SW_IDENTITY, SW_ISSUER               identity that must have signed, "" for this job
#   SW_USERNAME, SW_PASSWORD             login of the registry, "" for none
#   SW_PROGRAM        seaworthy, "" for that in PATH
#   SW_RESULT_REFERENCE, SW_RESULT_DIGEST   files for the image and its digest, "" for none
#
# The password of the key is in COSIGN_PASSWORD. The exit codes are those of seaworthy.
set -euo pipefail
umask 077

sw=${SW_PROGRAM:-seaworthy}
# An input can have several lines. read fails at the end of its input.
read -rd '' -a system <<<"${SW_SYSTEM:-os.yml}" || true
read -rd '' -a flags <<<"${SW_FLAGS:-}" || true
[ -z "${SW_POLICY:-}" ] || flags+=(--policy "$SW_POLICY")
[ -z "${SW_FORMAT:-}" ] || flags+=(--format "$SW_FORMAT")
private=$(mktemp -d)
trap 'rm -rf "$private"' EXIT

fail() { # fail MESSAGE: a usage error
  if [ -n "${GITHUB_ACTIONS:-}" ]; then printf '::error::%s\n' "$1"; else printf 'seaworthy: %s\n' "$1" >&2; fi
  exit 2
}

# Equal commits give equal bytes.
if [ -z "${SOURCE_DATE_EPOCH:-}" ]; then
  SOURCE_DATE_EPOCH=$(git log -1 --format=%ct 2>/dev/null) || fail "the time of the commit is unknown: check out the repository, or set SOURCE_DATE_EPOCH"
  export SOURCE_DATE_EPOCH
fi

# Reports in the form of the service.
pull_request=""
if [ -n "${GITHUB_ACTIONS:-}" ]; then
  case "${GITHUB_EVENT_NAME:-}" in pull_request*) pull_request=yes ;; esac
  reports=(--report github --report "markdown=$private/summary.md" --report sarif=seaworthy.sarif)
elif [ -n "${GITLAB_CI:-}" ]; then
  [ -z "${CI_MERGE_REQUEST_IID:-}" ] || pull_request=yes
  reports=(--report text --report html=seaworthy.html --report gitlab-codequality=seaworthy-quality.json)
elif [ -n "${JENKINS_URL:-}" ]; then
  [ -z "${CHANGE_ID:-}" ] || pull_request=yes
  reports=(--report text --report html=seaworthy.html --report junit=seaworthy-junit.xml)
else
  reports=(--report text)
fi
summary() { # the report of the last command on the page of the job
  if [ -n "${GITHUB_STEP_SUMMARY:-}" ] && [ -s "$private/summary.md" ]; then
    cat "$private/summary.md" >>"$GITHUB_STEP_SUMMARY"
  fi
}
output() { # output NAME VALUE
  if [ -n "${GITHUB_OUTPUT:-}" ]; then printf '%s=%s\n' "$1" "$2" >>"$GITHUB_OUTPUT"; fi
  if [ -n "${GITLAB_CI:-}" ]; then printf 'SEAWORTHY_IMAGE_%s=%s\n' "${1^^}" "$2" >>seaworthy.env; fi
  local file=SW_RESULT_${1^^}
  if [ -n "${!file:-}" ]; then printf '%s' "$2" >"${!file}"; fi
}
[ -z "${GITLAB_CI:-}" ] || : >seaworthy.env # the job always has this report

# A pull request gets no secrets: it is only checked.
if [ -n "$pull_request" ] || [ -z "${SW_REFERENCE:-}" ]; then
  code=0
  "$sw" check --locked "${flags[@]}" "${reports[@]}" "${system[@]}" || code=$?
  summary
  exit "$code"
fi

# Who signs, and who must have signed.
sign=() trust=()
if [ -n "${SW_SIGNING_CONFIG:-}" ]; then
  [ -n "${SW_TRUSTED_ROOT:-}" ] || fail "a trusted root is missing: set trusted-root"
  sign=(--keyless --signing-config "$SW_SIGNING_CONFIG" --trusted-root "$SW_TRUSTED_ROOT")
  identity=${SW_IDENTITY:-} issuer=${SW_ISSUER:-}
  if [ -n "${GITHUB_ACTIONS:-}" ]; then
    identity=${identity:-${GITHUB_SERVER_URL:-}/${GITHUB_WORKFLOW_REF:-}}
    issuer=${issuer:-https://token.actions.githubusercontent.com}
  elif [ -n "${GITLAB_CI:-}" ]; then
    identity=${identity:-https://${CI_CONFIG_REF_URI:-}}
    issuer=${issuer:-${CI_SERVER_URL:-}}
  fi
  trust=(--trusted-root "$SW_TRUSTED_ROOT" --identity "$identity" --issuer "$issuer")
else
  key=${SW_KEY:-}
  if [ -n "${COSIGN_PRIVATE_KEY:-}" ]; then
    key=$private/signing.key
    printf '%s\n' "$COSIGN_PRIVATE_KEY" >"$key"
    unset COSIGN_PRIVATE_KEY
  fi
  [ -n "$key" ] || fail "nothing signs the image: set key, COSIGN_PRIVATE_KEY or signing-config"
  [ -n "${SW_PUBLIC_KEY:-}" ] || fail "the public key is missing: set public-key"
  sign=(--key "$key") trust=(--key "$SW_PUBLIC_KEY")
fi

# The login is in a folder that only this job can read, and that is removed.
if [ -n "${SW_PASSWORD:-}" ]; then
  reference=${SW_REFERENCE#oci://}
  auth=$(printf '%s:%s' "${SW_USERNAME:-}" "$SW_PASSWORD" | base64 | tr -d '\n')
  printf '{"auths":{"%s":{"auth":"%s"}}}\n' "${reference%%/*}" "$auth" >"$private/config.json"
  export DOCKER_CONFIG=$private
  unset SW_PASSWORD
fi

code=0
"$sw" build --locked "${flags[@]}" "${reports[@]}" "${sign[@]}" --output-dir "$private/image" "${system[@]}" || code=$?
summary
[ "$code" = 0 ] || exit "$code"
image=$("$sw" push "$private/image" "$SW_REFERENCE")
# What was pushed is verified as others verify it: from the registry, by its digest.
require=()
case "${SW_POLICY:-}" in baseline | hardened | strict) require=(--require-policy "$SW_POLICY") ;; esac
"$sw" verify "${trust[@]}" "${require[@]}" "$image"
output reference "$image"
output digest "${image#*@}"
