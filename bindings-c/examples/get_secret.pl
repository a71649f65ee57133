#!/usr/bin/perl
# Prints a secret, through whatever identity this host has, in Perl: get_secret.pl VAULT_URL NAME
#
# Debian: apt install libffi-platypus-perl. The libraries are found by LD_LIBRARY_PATH, or where ldconfig looks.
use strict;
use warnings;
use FFI::Platypus 2.00;

my $ffi = FFI::Platypus->new(api => 2);
$ffi->lib('libnightlatch_curl.so.0', 'libnightlatch.so.0');
$ffi->attach(nightlatch_version => [] => 'string');
$ffi->attach(nightlatch_curl_open => ['opaque', 'string', 'size_t', 'opaque*', 'opaque*'] => 'uint32');
$ffi->attach(nightlatch_vault_get_secret =>
    ['opaque', 'string', 'size_t', 'string', 'size_t', 'uint64', 'opaque*', 'opaque*'] => 'uint32');
$ffi->attach(nightlatch_secret_value => ['opaque', 'size_t*'] => 'string');
$ffi->attach(nightlatch_error_text => ['opaque', 'uint32', 'size_t*'] => 'string');
$ffi->attach([$_ => $_] => ['opaque'] => 'void')
    for qw(nightlatch_secret_free nightlatch_error_free nightlatch_vault_free);

use constant { OK => 0, DESCRIPTION => 3 };

sub text { return ($_[0], length $_[0]) }

my ($url, $name) = @ARGV;
defined $name or die "usage: get_secret.pl VAULT_URL NAME\n";
my ($vault, $secret, $error);
if (nightlatch_curl_open(undef, text($url), \$vault, \$error) == OK
    && nightlatch_vault_get_secret($vault, text($name), undef, 0, 0, \$secret, \$error) == OK) {
    print nightlatch_secret_value($secret, undef), "\n";
} else {
    print STDERR nightlatch_error_text($error, DESCRIPTION, undef), "\n";
}
my $failed = !defined $secret;
nightlatch_secret_free($secret);
nightlatch_error_free($error);
nightlatch_vault_free($vault);
exit $failed;
