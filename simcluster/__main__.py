"""`python -m simcluster`: serve until interrupted."""

import argparse
import signal

from simcluster.server import SimCluster


def main() -> None:
    parser = argparse.ArgumentParser(prog="simcluster", description="A Kubernetes API server for demos and tests.")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one (the default)")
    parser.add_argument("--state", metavar="FILE", help="keep the state in FILE over restarts")
    parser.add_argument("--kubeconfig", metavar="FILE", help="write a kubeconfig to FILE")
    parser.add_argument("--speed", type=float, default=1.0, help="shorten simulated waits by this factor")
    parser.add_argument("--nodes", type=int, default=1, help="how many nodes there are")
    parser.add_argument("--no-controllers", action="store_true", help="the API server alone")
    options = parser.parse_args()
    signals = {signal.SIGINT, signal.SIGTERM}
    signal.pthread_sigmask(signal.SIG_BLOCK, signals)
    cluster = SimCluster(
        state_path=options.state,
        port=options.port,
        speed=options.speed,
        nodes=options.nodes,
        controllers=not options.no_controllers,
    )
    with cluster:
        if options.kubeconfig:
            cluster.write_kubeconfig(options.kubeconfig)
        print(cluster.url, flush=True)  # noqa: T201
        signal.sigwait(signals)


if __name__ == "__main__":
    main()
