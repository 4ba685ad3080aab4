"""Checks of single flag values, in one wording."""


class ConfigError(ValueError):
    """A flag's value cannot be used."""


def check_choice(flag: str, value: str, choices: tuple[str, ...]) -> None:
    """Raises ConfigError where a value is none of the choices."""
    if value not in choices:
        raise ConfigError(
            f"--{flag}={value} is not one of {', '.join(choices)}"
        )


def check_at_least(flag: str, value: float, minimum: float) -> None:
    """Raises ConfigError where a value is below the minimum, or nan."""
    if not value >= minimum:
        raise ConfigError(f"--{flag}={value} must be at least {minimum}")


def check_between(
    flag: str, value: float, minimum: float, maximum: float
) -> None:
    """Raises ConfigError where a value is outside a range, or nan."""
    if not minimum <= value <= maximum:
        raise ConfigError(
            f"--{flag}={value} must be from {minimum} to {maximum}"
        )


def check_scales(flag: str, values: tuple[float, ...]) -> None:
    """Raises ConfigError unless values are a lowest and a highest scale."""
    is_range = len(values) == 2 and 0.1 <= values[0] <= values[1] <= 10
    if not is_range:
        raise ConfigError(
            f"--{flag}={','.join(map(str, values))} must be the lowest and "
            "the highest scale, from 0.1 to 10, like 0.5,2.0"
        )


def check_share(flag: str, value: float) -> None:
    """Raises ConfigError where a value is outside [0, 1)."""
    if not 0 <= value < 1:
        raise ConfigError(f"--{flag}={value} must be from 0 up to below 1")


def check_model_dir(model_dir: str) -> None:
    """Raises ConfigError where no run's folder is given."""
    if not model_dir:
        raise ConfigError("--model_dir is missing: the run's folder")
