"""Planted culprits: worlds whose answer is known, to measure how often a search is right and what it costs."""

from mbisect.simulate.drive import Result, simulate
from mbisect.simulate.planted import Break, Exits, Metrics, Noise, Plan, Planted
from mbisect.simulate.scenario import Scenario
from mbisect.simulate.world import NumberedWorld

__all__ = ["Break", "Exits", "Metrics", "Noise", "NumberedWorld", "Plan", "Planted", "Result", "Scenario", "simulate"]
