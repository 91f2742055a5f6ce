import { chmod, mkdir, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";

export const dockerfile = `FROM scratch
ENV A=1
COPY src /app/
RUN write /made by-a-run
WORKDIR /work
`;

/** A context with these files in `src`, at times of no meaning, and the Dockerfile above. */
export async function writeProject(
  work: string,
  name: string,
  order: readonly string[],
): Promise<string> {
  const directory = join(work, name);
  await mkdir(join(directory, "src"), { recursive: true });
  for (const file of order) {
    const path = join(directory, "src", file);
    await writeFile(path, `content of ${file}`);
    await chmod(path, 0o644);
    await utimes(path, Math.random() * 1e9, Math.random() * 1e9);
  }
  await chmod(join(directory, "src"), 0o755);
  await writeFile(join(directory, "Dockerfile"), dockerfile);
  return directory;
}
