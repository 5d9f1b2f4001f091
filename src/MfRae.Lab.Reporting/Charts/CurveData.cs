using System.Globalization;
using System.Text.Json;
using MfRae.Lab.Reporting.Markup;

namespace MfRae.Lab.Reporting.Charts;

/// <summary>
/// The numbers of a line chart, for the script that draws them again on other axes: x, the different lists of steps; lines with
/// name n, colour c, which steps x, means m, and where they are not the means, lowest l and highest h; s the seeds alone.
/// </summary>
internal sealed class CurveData(IReadOnlyList<Line> lines)
{
    // A chart is a few hundred pixels high: five digits stay sharp through any zoom that leaves a point in sight.
    private const string Digits = "G5";

    private readonly List<double[]> steps = [];

    public Html Write() => Html.Json(Write);

    private void Write(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteStartArray("lines");
        foreach (var line in lines)
        {
            json.WriteStartObject();
            json.WriteString("n", line.Name);
            json.WriteString("c", line.Css);
            Points(json, line.Points);
            if (line.Points.Any(point => point.Mean is not null && point.High > point.Low))
            {
                Numbers(json, "l", line.Points.Select(point => point.Mean is null ? (double?)null : point.Low));
                Numbers(json, "h", line.Points.Select(point => point.Mean is null ? (double?)null : point.High));
            }

            if (line.Seeds is { } seeds)
            {
                json.WriteStartArray("s");
                foreach (var seed in seeds)
                {
                    json.WriteStartObject();
                    Points(json, seed);
                    json.WriteEndObject();
                }

                json.WriteEndArray();
            }

            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStartArray("x");
        foreach (var list in steps)
        {
            json.WriteStartArray();
            Array.ForEach(list, json.WriteNumberValue);
            json.WriteEndArray();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private void Points(Utf8JsonWriter json, IReadOnlyList<CurvePoint> points)
    {
        double[] own = [.. points.Select(point => point.Step)];
        var known = steps.FindIndex(list => list.AsSpan().SequenceEqual(own));
        if (known < 0)
        {
            known = steps.Count;
            steps.Add(own);
        }

        json.WriteNumber("x", known);
        Numbers(json, "m", points.Select(point => point.Mean));
    }

    private static void Numbers(Utf8JsonWriter json, string name, IEnumerable<double?> values)
    {
        json.WriteStartArray(name);
        foreach (var value in values)
        {
            if (value is { } number)
            {
                json.WriteRawValue(number.ToString(Digits, CultureInfo.InvariantCulture));
            }
            else
            {
                json.WriteNullValue();
            }
        }

        json.WriteEndArray();
    }
}
