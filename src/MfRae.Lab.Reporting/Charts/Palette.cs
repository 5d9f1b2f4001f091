using System.Globalization;
using System.Text;
using MfRae.Lab.Reporting.Data;

namespace MfRae.Lab.Reporting.Charts;

/// <summary>
/// Colours of arms, distinguishable with any colour-vision deficiency. Arms along a numeric axis get a ramp from dark to light (plasma, by
/// van der Walt and Smith), other arms the colours of Okabe and Ito. The dark theme uses lighter variants. If there are more arms than
/// colours, the colours repeat with dashed lines and hollow marks.
/// </summary>
internal static class Palette
{
    private static readonly int[] Plasma =
    [
        0x0d0887, 0x41049d, 0x6a00a8, 0x8f0da4, 0xb12a90, 0xcc4778, 0xe16462, 0xf2844b, 0xfca636, 0xfcce25, 0xf0f921,
    ];

    private static readonly int[] OnLight = [0x0072b2, 0xd55e00, 0x009e73, 0xb4508c, 0x9a7b00, 0x3d3d3d, 0x2f9bd8, 0x7a5230];

    private static readonly int[] OnDark = [0x56b4e9, 0xf28e4c, 0x2dd4a0, 0xe28fc0, 0xf0e442, 0xd0d0d0, 0x8fa8ff, 0xc9a27a];

    // Style rules for the first, second and third use of the colours.
    private static readonly string[] Rounds =
    [
        "", "--dash:7 4;--fill:var(--card);--edge:var(--arm);",
        "--dash:2 4;--fill:color-mix(in srgb,var(--arm) 35%,var(--card));--edge:var(--arm);",
    ];

    /// <summary>Style rules: a colour for each arm, and rules that hide the arm when its legend entry is switched off.</summary>
    public static string Css(ReportData data)
    {
        var css = new StringBuilder();
        foreach (var arm in data.Arms)
        {
            css.Append(CultureInfo.InvariantCulture, $$"""
                {{Rule(data, arm)}}
                .hide-{{arm.Css}} :is(.chart .{{arm.Css}},.sheet.{{arm.Css}}){display:none}
                .hide-{{arm.Css}} :is(.key,.results tbody).{{arm.Css}}{opacity:.35}

                """);
        }

        return css.ToString();
    }

    /// <summary>The style rule of an arm's colour, in both themes.</summary>
    public static string Rule(ReportData data, ArmView arm)
    {
        var (light, dark) = Colours(data, arm);
        var round = data.Axis is null ? Rounds[arm.Index / OnLight.Length % Rounds.Length] : "";
        return $".{arm.Css}{{--arm:light-dark({light},{dark});{round}}}";
    }

    /// <summary>Style rules for the two sides of a comparison, whose arms have no separate colours.</summary>
    public static string Sides(params string[] sides) => string.Concat(sides.Select((css, place) => $$"""
        .{{css}}{--arm:light-dark({{Hex(OnLight[place])}},{{Hex(OnDark[place])}});}
        .hide-{{css}} .chart .{{css}}{display:none}
        .hide-{{css}} .key.{{css}}{opacity:.35}

        """));

    private static (string Light, string Dark) Colours(ReportData data, ArmView arm)
    {
        if (data.Axis is { } axis)
        {
            var rank = axis.Ranks[arm.Index];
            return (Hex(Ramp(0.02 + 0.68 * rank)), Hex(Ramp(0.42 + 0.54 * rank)));
        }

        return (Hex(OnLight[arm.Index % OnLight.Length]), Hex(OnDark[arm.Index % OnDark.Length]));
    }

    private static int Ramp(double at)
    {
        var place = Math.Clamp(at, 0, 1) * (Plasma.Length - 1);
        var (from, to) = (Plasma[(int)place], Plasma[Math.Min((int)place + 1, Plasma.Length - 1)]);
        var between = place - (int)place;
        int Mix(int shift) => (int)Math.Round((from >> shift & 255) * (1 - between) + (to >> shift & 255) * between) << shift;
        return Mix(16) | Mix(8) | Mix(0);
    }

    private static string Hex(int colour) => "#" + colour.ToString("x6", CultureInfo.InvariantCulture);
}
