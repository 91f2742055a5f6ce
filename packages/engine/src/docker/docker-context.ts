import type Docker from "dockerode";
import type { Programs } from "../host/program.ts";

/** What every part of the Docker engine works with. */
export interface DockerContext {
  readonly docker: Docker;
  readonly programs: Pick<Programs, "tar" | "runc" | "mount" | "umount">;
  /** Where mounted volumes are kept while their containers exist. */
  readonly volumeDirectory: string;
}
