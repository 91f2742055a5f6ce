/** True for a variable of the environment that decides which program, library or module is run (routes 23 to 26). */
export function decidingVariable(name: string): boolean {
  return deciding.has(name) || name.startsWith("LD_") || name.startsWith("SSL_CERT_");
}

const deciding = new Set([
  "BASH_ENV",
  "CLASSPATH",
  "ENV",
  "GCONV_PATH",
  "HOME",
  "JAVA_TOOL_OPTIONS",
  "JDK_JAVA_OPTIONS",
  "NODE_OPTIONS",
  "NODE_PATH",
  "OPENSSL_CONF",
  "OPENSSL_MODULES",
  "PATH",
  "PERL5LIB",
  "PERL5OPT",
  "PHPRC",
  "PHP_INI_SCAN_DIR",
  "PYTHONHOME",
  "PYTHONPATH",
  "PYTHONSTARTUP",
  "RUBYLIB",
  "RUBYOPT",
]);
