using MfRae.Lab.Core.Planning;

namespace MfRae.Lab.Core.Tests.Planning;

public sealed class SnapshotStepsTests
{
    [Theory]
    [InlineData(200, 0, new int[0])]
    [InlineData(200, 1, new[] { 0 })]
    [InlineData(200, 5, new[] { 0, 12, 25, 50, 100 })]
    [InlineData(10, 5, new[] { 0, 1, 2, 5 })]
    [InlineData(1, 30, new[] { 0 })]
    [InlineData(100_000_000, 3, new[] { 0, 25_000_000, 50_000_000 })]
    public void Snapshots_are_at_the_start_and_at_repeated_halves(int steps, int snapshots, int[] expected) =>
        SnapshotSteps.Of(steps, snapshots).Should().Equal(expected);
}
