using System.Reflection;
using System.Text.Json.Serialization;
using MfRae.Lab.Core.Metrics;
using MfRae.Lab.Core.Options;

namespace MfRae.Lab.Core.Tests.Metrics;

public sealed class MetricCatalogueTests
{
    [Fact]
    public void Every_kind_of_metric_options_has_one_entry()
    {
        var options = typeof(MetricOptions).GetCustomAttributes<JsonDerivedTypeAttribute>()
            .Select(kind => ((string)kind.TypeDiscriminator!, kind.DerivedType));

        MetricCatalogue.Kinds.Select(kind => (kind.Kind, kind.Default.GetType())).Should().BeEquivalentTo(options);
        MetricCatalogue.Kinds.Should().OnlyContain(kind => MetricCatalogue.Of(kind.Default) == kind && MetricCatalogue.Kind(kind.Kind) == kind);
    }

    [Fact]
    public void Every_entry_has_a_label_and_every_kind_a_definition()
    {
        MetricCatalogue.Kinds.SelectMany(kind => kind.Values).Concat(MetricCatalogue.Others).Should().OnlyContain(entry => entry.Label.Length > 0);
        MetricCatalogue.Kinds.Should().OnlyContain(kind => kind.Definition.Length > 0 && kind.Values.Count > 0);
    }

    [Theory]
    [InlineData("fid", "FID")]
    [InlineData("fid.train", "FID (train)")]
    [InlineData("rfid", "rFID")]
    [InlineData("rkid.500", "rKID (500)")]
    [InlineData("is.adm", "Inception score (adm)")]
    [InlineData("classFid.worst", "FID by class (worst)")]
    [InlineData("classFid.7", "FID by class (7)")]
    [InlineData("memorisation.share", "Memorisation (share)")]
    [InlineData("deviation.interval.median", "Deviation from the exact flow (interval.median)")]
    [InlineData("gradient.variance.predicted", "Gradient (variance.predicted)")]
    [InlineData("noise.flow.99.9", "noise (flow.99.9)")]
    [InlineData("newMetric", "newMetric")]
    [InlineData("newMetric.part", "newMetric (part)")]
    public void Labels_name_the_metric_and_its_part(string metric, string label) => MetricCatalogue.Label(metric).Should().Be(label);

    [Theory]
    [InlineData("fid.train", false)]
    [InlineData("kid.500", false)]
    [InlineData("rfid", false)]
    [InlineData("raccuracy", true)]
    [InlineData("knn.untrained", true)]
    [InlineData("fidFloor", null)]
    [InlineData("memorisation.share", null)]
    [InlineData("gflops.decoder", null)]
    [InlineData("derivativeError.p99", false)]
    [InlineData("derivativeError.eta", null)]
    [InlineData("split.bias", null)]
    [InlineData("gradient.noise", false)]
    [InlineData("gradient.noise.predicted", null)]
    [InlineData("closedForm.velocity", null)]
    [InlineData("newMetric", null)]
    [InlineData("fidelity", null)]
    public void Parts_of_a_metric_have_its_direction_unless_they_have_their_own(string metric, bool? higherIsBetter) =>
        MetricCatalogue.HigherIsBetter(metric).Should().Be(higherIsBetter);

    [Fact]
    public void The_directions_of_an_oracle_are_those_of_its_primary_metrics()
    {
        OracleMetric.Stepped.Concat(OracleMetric.Unstepped).Should().OnlyContain(name => MetricCatalogue.HigherIsBetter(name) == false);
        MetricCatalogue.Kind("oracle")!.Names([]).Should().Equal(OracleMetric.Stepped);
    }

    [Fact]
    public void Only_the_primary_reference_gives_a_plain_name()
    {
        MetricCatalogue.Kind("sfid")!.Names(["test", "train"]).Should().Equal("sfid", "sfid.train");
        MetricCatalogue.Kind("kid")!.Names(["test", "train"]).Should().Equal("kid");
    }
}
