"""What Beaker costs beside a plain kernel, as ratios measured in one interleaved run."""
