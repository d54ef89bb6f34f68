"""Errata about schedules over a budget."""

from __future__ import annotations

from budgetsim.reproduce.errata.record import Erratum, Gap
from budgetsim.theory import profiles

REX = "REX: Revisiting Budgeted Training with an Improved Schedule, Chen, Wolfe, Kyrillidis, arXiv 2107.04197"
UBA = (
    "Stepsize anything: A unified learning rate schedule for budgeted-iteration training, Tang et al., arXiv 2505.24452"
)


def _rex_with_nine_tenths() -> tuple[Gap, ...]:
    return tuple(
        Gap(
            f"share of the largest step size at {used:.0%} of the budget",
            profiles.misnamed_rex_profile(used),
            profiles.rex_profile(used),
        )
        for used in (0.5, 0.9)
    )


def _rex_wraps_around() -> tuple[Gap, ...]:
    steps = 100
    return (
        Gap(
            "share of the largest step size at step 100 of 100",
            profiles.rex_profile((steps % steps) / steps),
            profiles.rex_profile(steps / steps),
        ),
    )


def _uba_as_power_law() -> tuple[Gap, ...]:
    return tuple(
        Gap(
            f"share of the largest step size, shape {shape:g}, at half of the budget",
            0.5**shape,
            profiles.uba_profile(0.5, shape),
        )
        for shape in (1.0, 2.0)
    )


def _uba_as_square() -> tuple[Gap, ...]:
    return tuple(
        Gap(
            f"share of the largest step size, shape 2, condition number 1, at {used:.0%} of the budget",
            (1.0 - 2.0 * used) ** 2,
            profiles.uba_profile(used, 2.0),
        )
        for used in (0.75, 1.0)
    )


ERRATA = (
    Erratum(
        key="rex_with_nine_tenths",
        title="REX with d = 0.9",
        said=r"REX is $z/(0.1+0.9z)$, z the remaining ratio.",
        where="GitHub IvanVassi/REX_LR and trainers that copied it",
        by="popular",
        evidence="sourced",
        right=rf"$z/(\frac12+\frac12z)$: {REX}.",
        proof=r"The two agree only at the ends; the mean share is $2(1-\ln2)=.614$ for the paper's and .827 for the "
        "other, "
        "so that they also train with different mean step sizes.",
        gaps=_rex_with_nine_tenths,
    ),
    Erratum(
        key="rex_wraps_around",
        title="REX starts over at its last step",
        said="The step is taken modulo the horizon.",
        where="GitHub IvanVassi/REX_LR",
        by="code",
        evidence="sourced",
        right="At the end of the budget the profile is 0.",
        proof="T mod T = 0, so the step after the last one gets the profile of the first: the largest step size.",
        gaps=_rex_wraps_around,
    ),
    Erratum(
        key="uba_as_power_law",
        title="UBA as a power of the remaining ratio",
        said=r"$\eta_t=\eta_0(1-t/T)^\varphi$.",
        where=f"three public notes on {UBA}",
        by="popular",
        evidence="sourced",
        right=r"$\frac{2(1+\cos\theta)}{2\varphi+(2-\varphi)(1+\cos\theta)}$ (as reported).",
        proof=r"$\varphi=2$ must give the cosine profile, 1/2 at half of the budget; the power gives 1/4. "
        r"$\varphi=1$ gives 2/3, the power 1/2; no shape of UBA is linear.",
        gaps=_uba_as_power_law,
    ),
    Erratum(
        key="uba_as_square",
        title="UBA as a square",
        said=r"$\eta_t\propto(1-\varphi t/T)^2/\sqrt\kappa$.",
        where=f"a public skill file on {UBA}",
        by="popular",
        evidence="sourced",
        right=r"$\frac{2(1+\cos\theta)}{2\varphi+(2-\varphi)(1+\cos\theta)}$ (as reported); the condition number "
        "enters "
        r"as $\varphi=2\kappa$ (derived).",
        proof=r"The square is 0 at $t=T/\varphi$ and rises again for $\varphi>1$: with $\varphi=2$ it ends where it "
        "began, "
        "while UBA falls throughout.",
        gaps=_uba_as_square,
    ),
)
