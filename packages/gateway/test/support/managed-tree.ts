import { readFileSync } from "node:fs";
import { join } from "node:path";
import { freePort } from "./free-port.ts";
import { treeOf } from "./tree.ts";

const example = join(import.meta.dirname, "../../../../examples/echo-gateway/src");
const read = (name: string): string => readFileSync(join(example, name), "utf8");

/** The echo, with management on free ports. */
export type ManagedTree = Disposable & {
  readonly root: string;
  readonly port: number;
  readonly health: number;
  readonly rest: number;
  readonly page: number;
};

/** The echo gateway with both management interfaces; `more` goes into its startup file. */
export async function managedTree(more = ""): Promise<ManagedTree> {
  const [port, health, rest, page] = await Promise.all([
    freePort(),
    freePort(),
    freePort(),
    freePort(),
  ]);
  const interfaces = `
rest-mgmt
  admin-state enabled
  local-address 127.0.0.1
  port ${rest}
  ssl-config-type server
exit
web-mgmt
  admin-state enabled
  local-address "127.0.0.1" "${page}"
exit
`;
  const tree = treeOf({
    "config/auto-startup.cfg": `${read("config/auto-startup.cfg")}${interfaces}${more}`,
    "config/auto-user.cfg": read("config/auto-user.cfg"),
    "config/echo/echo.cfg": read("config/echo/echo.cfg").replace("port 8080", `port ${port}`),
    "local/echo/echo.js": read("local/echo/echo.js"),
    "local/echo/sub/deep.txt": "deep",
  });
  return { ...tree, root: tree.root, port, health, rest, page };
}
