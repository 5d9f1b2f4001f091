using System.Text.Json;
using MfRae.Lab.Core.Options;

namespace MfRae.Lab.Core.Tests.Experiments;

/// <summary>An option that is a number or `auto`.</summary>
public sealed class AutoNumberTests : IDisposable
{
    private readonly Workspace _work = new();

    public void Dispose() => _work.Dispose();

    [Theory]
    [InlineData("{ \"kind\": \"uniform\" }", null)]
    [InlineData("{ \"kind\": \"uniform\", \"shift\": null }", null)]
    [InlineData("{ \"kind\": \"uniform\", \"shift\": \"auto\" }", null)]
    [InlineData("{ \"kind\": \"uniform\", \"shift\": 1 }", 1.0)]
    [InlineData("{ \"kind\": \"logitNormal\", \"shift\": 13.86 }", 13.86)]
    public void It_is_read_from_a_file(string time, double? shift) => Shift($"\"base\": {{ \"meanflow\": {{ \"time\": {time} }} }}").Should().Be(shift);

    [Theory]
    [InlineData("meanflow.time.shift=6.93", 6.93)]
    [InlineData("meanflow.time.shift=auto", null)]
    public void It_is_read_from_the_command_line(string change, double? shift) =>
        Shift("\"base\": { \"meanflow\": { \"time\": { \"shift\": 2 } } }", change).Should().Be(shift);

    [Fact]
    public void It_may_be_an_axis() => _work.Valid("""
        "axes": { "meanflow.time.shift": [1, "auto", 13.86] }, "baseline": { "meanflow.time.shift": "auto" }
        """).Arms.Should().HaveCount(3);

    [Fact]
    public void Keys_hold_the_word_and_records_of_earlier_versions_mean_it()
    {
        JsonSerializer.Serialize<TimeSamplerOptions>(new UniformTimeOptions(), LabJson.Default.TimeSamplerOptions)
            .Should().Be("{\"kind\":\"uniform\",\"high\":1,\"shift\":\"auto\",\"reweight\":\"none\"}");
        JsonSerializer.Deserialize("{\"kind\":\"uniform\",\"high\":1}", LabJson.Default.TimeSamplerOptions).Should().Be(new UniformTimeOptions());
    }

    private double? Shift(string keys, params string[] overrides) =>
        ((LambdaMeanFlowOptions)_work.Valid(keys, overrides).Arms[0].Options.MeanFlow).Time.ShiftScale();
}
