/**
 * A file or folder that comes with this package, such as `data/objects.json`. The sources, the
 * compiled files and the files of the program are all in a folder right below the package.
 */
export function packageFile(path: string): URL {
  return new URL(`../${path}`, import.meta.url);
}
