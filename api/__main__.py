"""`python -m api` is the command `cauri`.

Processes that help to verify import this module too, and need nothing of the command.
"""

if __name__ == "__main__":
    from api.cli import main

    main()
