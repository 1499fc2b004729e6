"""`python -m misrun` and the console script."""


def main() -> None:
    from misrun.cli.app import run

    run()


if __name__ == "__main__":
    main()
